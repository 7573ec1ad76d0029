#!/usr/bin/env bash
# An editor's day with one video, as a person types it. Prints a transcript to read; ends with an error where a command
# does not do what its words promise.
#
#     tests/walks/editors_day.sh VIDEO
set -euo pipefail
video=$(realpath "${1:?name a video}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir shoot && cp "$video" shoot/take.mp4
export COLUMNS=150

say() { printf '\n# %s\n' "$*"; }
typed() { printf '$'; printf ' %q' "$@"; echo; }
run() { typed "$@"; "$@"; }
refused() {
  local wanted=$1; shift
  typed "$@"
  local code=0
  "$@" || code=$?
  printf '(exit %s)\n' "$code"
  [ "$code" -eq "$wanted" ] || { echo "expected exit $wanted"; exit 1; }
}

say "What is there"
run autoclip --help
say "Five clips of 8 to 20 seconds, a minute and a half in all"
(cd shoot && run autoclip analyze take.mp4 -o out --preset sports --count 5 --length 8-20 --total 90s -q)
say "Fewer; then back to what the analysis was asked for"
run autoclip retune shoot/out --count 2
run autoclip retune shoot/out
say "Without the preset; then from the defaults"
run autoclip retune shoot/out --preset none
run autoclip retune shoot/out --reset
run autoclip retune shoot/out
say "What makes no sense is refused"
refused 2 autoclip retune shoot/out --length 40-20
refused 2 autoclip retune shoot/out --total 3s
refused 4 autoclip run nosuch.mp4
say "Render the best; the same again says that it is there"
run autoclip export shoot/out --top 2 --set encoder_preset=ultrafast -q
run autoclip export shoot/out --top 2 --set encoder_preset=ultrafast -q | tee again.txt
grep -q "exists already" again.txt
[ "$(find shoot/out/exports -name '*.mp4' | wc -l)" -eq 2 ]
say "Join clips, one of them twice"
best=$(autoclip retune shoot/out --json 2>/dev/null | python3 -c 'import json, sys
print(max(json.load(sys.stdin)["clips"], key=lambda clip: clip["quality_score"])["id"])')
run autoclip compound create shoot/out --name Best --clip "$best" --item "$best" 2>&1 | tee twice.txt
grep -q "both show" twice.txt
refused 2 autoclip compound create shoot/out --name Best --top 2
say "The folder moves with its video"
mv shoot archive
run autoclip export archive/out --top 2 --set encoder_preset=ultrafast -q
[ "$(find archive/out/exports -name '*.mp4' | wc -l)" -eq 2 ]
say "Upright, following the motion"
run autoclip export archive/out --top 1 --set shape=vertical --set framing=motion --set encoder_preset=ultrafast \
  --set 'name_template={project} {name} upright' -q
say "A disk that is not there"
refused 1 autoclip deliver folder archive/out/exports/*upright*.mp4 --option folder=/mnt/no-such-disk/clips
[ ! -e /mnt/no-such-disk ]
say "How well the clips hold what I would pick"
printf 'time,weight\n10,1\n62,2\n' > goals.csv
run autoclip evaluate archive/out --truth goals.csv
say "Done"
