#!/bin/sh
# Builds the Allure page from the results of the last run, or from those in the folders that it is given: the shards of
# a run. `make report` calls it from the root of the repository.
# A machine without Node, or without a network, still has its report: the matrix. So only a failure of Allure itself
# makes this script fail.
set -u

install_only=
[ "${1:-}" = --install-only ] && install_only=yes && shift
[ "$#" -gt 0 ] || set -- reports/allure-results
page=reports/allure-report
matrix=reports/matrix.html
version=${ALLURE_VERSION:?name the version of Allure, as make report does}

without_allure() {
  echo "report: $1"
  [ -f "$matrix" ] && echo "report: open $matrix"
  exit 0
}

for results in "$@"; do
  [ -n "$install_only" ] || [ -d "$results" ] || without_allure "there are no Allure results in $results; make prove writes them."
done

node=$(node --version 2>/dev/null) || without_allure "the Allure page needs Node 20 or later, and there is none: install Node, then make report."
major=${node#v}
major=${major%%.*}
[ "$major" -ge 20 ] 2>/dev/null || without_allure "the Allure page needs Node 20 or later, this is $node: update Node, then make report."

installed=$(node -p 'require("./node_modules/allure/package.json").version' 2>/dev/null)
if [ "$installed" != "$version" ]; then
  echo "report: installing Allure $version into ./node_modules (once)"
  npm install --prefix . --no-save --no-package-lock --no-audit --no-fund --loglevel=error "allure@$version" ||
    without_allure "Allure could not be installed (is this machine offline?); make report tries again."
fi

[ -n "$install_only" ] && exit 0

if [ -f "$page/index.html" ] && [ -z "$(find "$@" -name '*-result.json' -newer "$page/index.html" | head -n 1)" ]; then
  ISOLATION_SAME_RESULTS=yes
  export ISOLATION_SAME_RESULTS
fi
rm -rf "$page"
node_modules/.bin/allure generate "$@" --config allurerc.mjs || {
  status=$?
  echo "report: Allure could not build the page; open $matrix instead" >&2
  exit "$status"
}
echo "report: open it with   node_modules/.bin/allure open $page"
[ -f "$matrix" ] && echo "report: or the matrix   $matrix"
exit 0
