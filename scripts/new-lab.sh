#!/usr/bin/env bash
# Makes a lab that works at once: lab 1 under another number and name, with programs of its own.
#
#   scripts/new-lab.sh NAME
set -euo pipefail
cd "$(dirname "$0")/.."
name=${1:-}
template=01-select-then-act

if ! [[ "$name" =~ ^[a-z][a-z0-9]*(-[a-z0-9]+)*$ ]]; then
  printf 'a lab needs a name of lower-case words with hyphens between them, not "%s"\n' "$name" >&2
  printf 'next: make new-lab NAME=outbox-relay\n' >&2
  exit 2
fi
for lab in labs/[0-9][0-9]-*; do
  if [ "${lab#labs/[0-9][0-9]-}" = "$name" ]; then
    printf 'there is a lab of that name: %s\nnext: choose another name\n' "$lab" >&2
    exit 2
  fi
  last=${lab#labs/}
done
# Labs are listed in the order of their numbers; 10# keeps 08 from being octal.
id=$(printf '%02d' $((10#${last%%-*} + 1)))

folder=labs/$id-$name
cp -R "labs/$template" "$folder"
# Whatever names lab 1 in its own folder names this one here.
sed -i.bak -E \
  -e "s/$template/$id-$name/g" \
  -e "s/select-then-act/$name/g" \
  -e "s/lab-01-/lab-$id-/g" \
  -e "s/\"01\"/\"$id\"/g" \
  -e "s/(crashwindow [a-z]+) 01/\1 $id/g" \
  -e "s/([Ll]ab) 1([^0-9]|$)/\1 $((10#$id))\2/g" \
  "$folder"/*
rm "$folder"/*.bak

# Its programs stand behind those of the other labs.
for source in "$folder"/*.rs; do
  program=$(basename "$source" .rs)
  printf '\n[[bin]]\nname = "lab-%s-%s"\npath = "%s"\n' "$id" "${program//_/-}" "${source#labs/}" >>labs/Cargo.toml
done

printf 'made %s: lab 1 under another name, yours to change\n' "$folder"
printf 'next: cargo build, then crashwindow lab %s\n' "$id"
