#!/usr/bin/env bash
# Spark, in a virtual environment of its own, as the tests marked "spark" ask it: .ci/spark.sh FOLDER
# It needs Java 17 or 21. Then: WHATIF_TEST_SPARK=FOLDER/bin/python
set -euo pipefail
folder=${1:?usage: spark.sh FOLDER}
command -v java >/dev/null || { echo "Spark needs Java 17 or 21; none is on the PATH." >&2; exit 1; }

# Beside Spark what driver and workers load of the project, as requirements.txt has it. Spark warns that it does not know
# pandas 3 yet: no table of pandas goes in or comes out, rows are Arrow on all their way.
project=(
  alembic==1.20.1 click==8.5.1 filelock==4.2.11 httpx==0.28.1 numba==0.68.1 numpy==2.4.6 orjson==3.13.0 packaging==26.3
  pandas==3.1.1 pyarrow==26.0.1 pydantic==2.14.3 pydantic-settings==2.16.3 scipy==1.17.1 sqlalchemy==2.1.9
  python-calamine==0.9.1 threadpoolctl==3.8.0
)
"${SPARK_PYTHON:-python3}" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check "pyspark[connect]==4.3.0" deltalake==1.6.6 \
  "${project[@]}"
