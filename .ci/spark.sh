#!/usr/bin/env bash
# Spark, in a virtual environment of its own, as the tests marked "spark" ask it: .ci/spark.sh FOLDER
# It needs Java 17 or 21, and Maven for the jars by which Spark reads Kafka. Then: WHATIF_TEST_SPARK=FOLDER/bin/python
set -euo pipefail
folder=${1:?usage: spark.sh FOLDER}
command -v java >/dev/null || { echo "Spark needs Java 17 or 21; none is on the PATH." >&2; exit 1; }

spark=4.2.0  # of the jars and of pyspark alike; for 4.3 there are no jars yet
# Beside Spark what driver and workers load of the project, as requirements.txt has it. Spark warns that it does not know
# pandas 3 yet: no table of pandas goes in or comes out, rows are Arrow on all their way.
project=(
  alembic==1.20.1 click==8.5.1 filelock==4.2.11 httpx==0.28.1 numba==0.68.1 numpy==2.4.6 orjson==3.13.0 packaging==26.3
  pandas==3.1.1 prometheus-client==0.26.0 pyarrow==26.0.1 pydantic==2.14.3 pydantic-settings==2.16.3 scipy==1.17.1 sqlalchemy==2.1.9
  python-calamine==0.9.1 threadpoolctl==3.8.0
)
"${SPARK_PYTHON:-python3}" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check "pyspark[connect]==$spark" deltalake==1.6.6 \
  "${project[@]}"

# What pyspark leaves out: Kafka as a source and a sink. Of what those need it brings all but these.
jars=(
  "org.apache.spark:spark-sql-kafka-0-10_2.13:$spark:64539c45e5d39f7ddb747312c239f38f5208d08c1a0ddf7d70beb2fbd9373705"
  "org.apache.spark:spark-token-provider-kafka-0-10_2.13:$spark:641c7947afc8aa1189e433b7c2d305293993c8691bc1c2062d6d4f513b12518c"
  "org.apache.kafka:kafka-clients:3.9.2:014b4ef36884478a932641818b080c36a8f8e2e92dc771e800c9d2694f4f83d8"
  "org.apache.commons:commons-pool2:2.13.1:f77a5060d6936a9144023584232f9de3f2248f1abfe156e9d31795f18770674f"
)
place=$("$folder/bin/python" -c 'import pathlib, pyspark; print(pathlib.Path(pyspark.__file__).parent / "jars")')
for each in "${jars[@]}"; do
  IFS=: read -r group name version sum <<<"$each"
  sha256sum --quiet --strict --check <<<"$sum  $place/$name-$version.jar" >/dev/null 2>&1 && continue
  command -v mvn >/dev/null || { echo "Spark's jars for Kafka are fetched by Maven; no mvn is on the PATH." >&2; exit 1; }
  mvn --quiet --batch-mode --no-transfer-progress org.apache.maven.plugins:maven-dependency-plugin:3.11.0:get \
    -Dtransitive=false -Dartifact="$group:$name:$version"
  mvn --quiet --batch-mode --no-transfer-progress org.apache.maven.plugins:maven-dependency-plugin:3.11.0:copy \
    -Dartifact="$group:$name:$version" -DoutputDirectory="$place"
  sha256sum --quiet --strict --check <<<"$sum  $place/$name-$version.jar"
done
