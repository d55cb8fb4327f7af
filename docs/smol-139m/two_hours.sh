#!/bin/sh
# The whole chain of an embedded student within two hours on 2 CPU cores: eyes, words, labels,
# rationales, 2 bits, calibration. Shorter than train.sh, which made what ships: one seed, one pass a
# step, posts of other kinds from the start. T15 and T17 are folders of Twitter-2015 and
# Twitter-2017, TWEETS one of other labelled tweets, RATIONALES a file of a large teacher's
# rationales of T15's test split (docs/distillation/data.md).
set -eu
: "${T15:?}" "${T17:?}" "${TWEETS:?}" "${RATIONALES:?}"
a=${ANALYTICS:-analytics}
"${PYTHON:-python3}" "$(dirname "$0")/make_airline.py" "$TWEETS/airline.jsonl" airline.jsonl \
    airline_rest.jsonl

$a distill start --pictures "$T15:train" --pictures "$T15:dev" --epochs 2 --output start
$a distill student --recipe cpu-smol-warmup --set optim.learning_rate=8e-5 \
    --set optim.schedule=linear --model ./start --data "$T17:train" --data "$T17:dev" \
    --data airline.jsonl:all,n=1200 --data "$TWEETS/tweeteval_sentiment_test.jsonl:all,n=2000" \
    --drop-overlaps "$T15:test" --drop-overlaps "$T15:dev" --output warm
$a distill student --recipe cpu-smol --set optim.n_epochs=1 --model warm/model \
    --data "$T15:train" --data airline.jsonl:all,n=300 \
    --data "$TWEETS/tweeteval_sentiment_test.jsonl:all,n=500" \
    --drop-overlaps "$T15:test" --drop-overlaps "$T15:dev" --dev "$T15:dev" --seed 1 --output label
$a distill teacher --import "$RATIONALES" --model "a 72B teacher" --data "$T15" --split test \
    --output teacher || test $? -eq 3  # 3: some were rejected
$a distill student --recipe cpu-smol-student --model label/model --data "$T15:train,n=500" \
    --data "$T15:test,folds=1-4,n=600" --data airline.jsonl:all,n=200 \
    --data "$TWEETS/tweeteval_sentiment_test.jsonl:all,n=200" \
    --drop-overlaps "$T15:test,folds=5" --drop-overlaps "$T15:dev" --dev "$T15:dev" \
    --rationales teacher --assistant label/model --output student
$a distill ship student/model --base smol-135m-base --output smol-139m
$a distill calibrate ./smol-139m --on "$T15:dev" --on airline_rest.jsonl:all \
    --on "$TWEETS/tweeteval_sentiment_test.jsonl:all,n=4500" --shares-of "$T15:train"
