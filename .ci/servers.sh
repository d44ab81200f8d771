#!/usr/bin/env bash
# The model servers that the tests marked "servers" call, each in a virtual environment of its own: .ci/servers.sh FOLDER
# SERVERS_PYTHON makes them: the Python of PATH where it says nothing; MLServer asks for one before 3.13.
# Then: WHATIF_TEST_MLFLOW=FOLDER/mlflow/bin/python WHATIF_TEST_MLSERVER=FOLDER/mlserver/bin/python
#       WHATIF_TEST_KSERVE=FOLDER/kserve/bin/python
set -euo pipefail
folder=$(mkdir -p "${1:?usage: servers.sh FOLDER}" && cd "$1" && pwd)

environment() {  # name, packages…
  "${SERVERS_PYTHON:-python3}" -m venv "$folder/$1"
  "$folder/$1/bin/python" -m pip install --quiet --disable-pip-version-check "${@:2}"
}

all=(numpy==2.4.6 pyarrow==25.0.1 scikit-learn==1.9.1 scipy==1.17.1 joblib==1.6.0)
# Publishing runs the project itself beside MLflow: what its command line and a release need to load, as requirements.txt
# has it.
publishing=(filelock==4.2.11 numba==0.68.1 pydantic-settings==2.16.3 skops==0.16.0 threadpoolctl==3.8.0)
environment mlflow mlflow==3.17.2 lightgbm==4.7.0 pandas==3.1.1 "${all[@]}" "${publishing[@]}"
environment mlserver mlserver==1.7.1 mlserver-sklearn==1.7.1 fastapi==0.115.14 starlette==0.46.2 pandas==3.1.1 "${all[@]}"
# KServe wants a pandas before 3 and a starlette that MLServer cannot have.
environment kserve kserve==0.21.0 fastapi==0.165.0 starlette==1.10.0 pandas==2.3.3 "${all[@]}"
