"""How far people who label the same items agree beyond chance."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

# (item, annotator, label); an item may be any key
Rating = tuple[object, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairAgreement:
    """Two annotators on the `n_items` that both labelled; kappa None where chance alone agrees."""

    first: str
    second: str
    n_items: int
    share_agreement: float
    kappa: float | None


def cohen_kappa(pairs: Iterable[tuple[str, str]]) -> float | None:
    """Cohen's kappa of two annotators' labels of the same items: 1 is full agreement, 0 chance.

    None without items, or where both gave one and the same label to all, so that chance
    would agree, too.

    Source: J. Cohen, "A Coefficient of Agreement for Nominal Scales", Educational and
    Psychological Measurement 20 (1960).
    """
    counts = Counter(pairs)
    n = counts.total()
    if not n:
        return None
    first: Counter[str] = Counter()
    second: Counter[str] = Counter()
    for (a, b), count in counts.items():
        first[a] += count
        second[b] += count
    observed = sum(count for (a, b), count in counts.items() if a == b) / n
    expected = sum(first[label] * second[label] for label in first) / n**2
    return None if expected == 1 else (observed - expected) / (1 - expected)


def krippendorff_alpha(ratings: Iterable[Rating]) -> float | None:
    """Krippendorff's alpha for nominal labels, any number of annotators, with gaps.

    None where no item has two labels, or all such labels are the same.

    Source: K. Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011).
    """
    coincidences: Counter[tuple[str, str]] = Counter()
    for labels in _group(ratings).values():
        counts = Counter(labels.values())
        m = counts.total()
        if m < 2:
            continue
        for a, n_a in counts.items():
            for b, n_b in counts.items():
                coincidences[a, b] += n_a * (n_b - (a == b)) / (m - 1)  # type: ignore[assignment]
    n = sum(coincidences.values())
    totals: defaultdict[str, float] = defaultdict(float)
    for (a, _), count in coincidences.items():
        totals[a] += count
    expected = n**2 - sum(total**2 for total in totals.values())
    if not n or not expected:
        return None
    observed = n - sum(count for (a, b), count in coincidences.items() if a == b)
    return 1 - (n - 1) * observed / expected


def compare_pairs(ratings: Iterable[Rating]) -> list[PairAgreement]:
    """Each two annotators who labelled a common item, by name."""
    labels = _group(ratings)
    common: defaultdict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for given in labels.values():
        for first, second in combinations(sorted(given), 2):
            common[first, second].append((given[first], given[second]))
    return [
        PairAgreement(
            first=first,
            second=second,
            n_items=len(pairs),
            share_agreement=sum(a == b for a, b in pairs) / len(pairs),
            kappa=cohen_kappa(pairs),
        )
        for (first, second), pairs in sorted(common.items())
    ]


def _group(ratings: Iterable[Rating]) -> Mapping[object, dict[str, str]]:
    """item -> annotator -> label"""
    found: defaultdict[object, dict[str, str]] = defaultdict(dict)
    for item, annotator, label in ratings:
        found[item][annotator] = label
    return found
