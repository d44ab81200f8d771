#!/usr/bin/env bash
# Apache Kafka as its jars, for the tests marked "kafka": .ci/kafka.sh FOLDER
# It needs Maven to fetch them, and Java 17 or later to run them. Then: WHATIF_TEST_KAFKA=FOLDER
set -euo pipefail
folder=$(mkdir -p "${1:?usage: kafka.sh FOLDER}" && cd "$1" && pwd)
sums=$(cd "$(dirname "$0")" && pwd)/kafka.sha256
command -v java >/dev/null || { echo "Kafka needs Java 17 or later; none is on the PATH." >&2; exit 1; }

complete() {  # the jars of the list, each with its hash, and no other
  [ "$(find "$folder" -name '*.jar' | wc -l)" = "$(wc -l <"$sums")" ] &&
    (cd "$folder" && sha256sum --quiet --strict --check "$sums")
}

complete >/dev/null 2>&1 && exit
command -v mvn >/dev/null || { echo "Kafka's jars are fetched by Maven; no mvn is on the PATH." >&2; exit 1; }
rm -f "$folder"/*.jar
cat >"$folder/pom.xml" <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>tests</groupId><artifactId>kafka</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>4.4.0</version></dependency>
    <!-- without it the broker logs nothing -->
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
POM
mvn --quiet --batch-mode --no-transfer-progress --file "$folder/pom.xml" \
  org.apache.maven.plugins:maven-dependency-plugin:3.11.0:copy-dependencies \
  -DincludeScope=runtime -DoutputDirectory="$folder"
complete
