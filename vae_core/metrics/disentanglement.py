"""Do single dimensions of a code stand for single factors of the image? Scores of 0 at worst and about 1 at best.

A factor that the image does not show wholly caps them: the orientation of a square repeats every quarter turn and that of
an ellipse every half, so no code of such images can reach 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

BINS = 20
"""Number of bins of the histogram of each dimension, over its own range (Locatello et al. 2019, appendix)."""
MOST = 10_000
"""Images used, drawn at random from more: it bounds the time to some seconds."""
TREES = 10


def disentanglement(
    codes: np.ndarray, factors: np.ndarray, factor_names: Sequence[str], seed: int = 0
) -> dict[str, float | int | dict[str, float] | None]:
    """Scores of mean codes (N, d) against known factors, int (N, F), with the keys below.

    mig: the mutual information gap (Chen et al. 2018, eq. 6), in histograms of `mig_bins` bins; mig_by_factor: its terms, by
    the factor's name. It depends on the bins, and on the codes being means and not draws of the posterior.
    dci_disentanglement, dci_completeness, dci_informativeness: Eastwood & Williams 2018, section 2, by random forests; the
    last is the accuracy on images held out from the forests. sap: Kumar et al. 2018, section 3. Factors of one
    value are left out; a score for which one factor or
    one dimension is too few is None. Raises ValueError where lengths do not fit, codes are not finite or no factor varies.
    """
    codes, factors = np.asarray(codes, np.float64), np.asarray(factors)
    if codes.ndim != 2 or factors.ndim != 2 or len(codes) != len(factors):
        raise ValueError(f"Codes {codes.shape} and factors {factors.shape} are not (N, d) and (N, F) of the same N images.")
    if factors.shape[1] != len(factor_names):
        raise ValueError(f"There are {factors.shape[1]} factors and {len(factor_names)} names.")
    if not np.isfinite(codes).all():
        raise ValueError("Codes have values that are not finite.")
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(codes))[:MOST]
    codes, factors = codes[order], factors[order]
    varies = [len(np.unique(column)) > 1 for column in factors.T]
    if not any(varies):
        raise ValueError(f"None of the factors {', '.join(factor_names)} varies over these {len(codes)} images.")
    factors = factors[:, varies]
    importance, accuracy = _forests(codes, factors, seed)
    d, f = importance.shape
    gaps = mutual_information_gaps(codes, factors) if d > 1 else np.array([])
    varying = [name for name, one in zip(factor_names, varies, strict=True) if one]
    return {
        "mig": float(gaps.mean()) if d > 1 else None,
        "mig_by_factor": dict(zip(varying, gaps.tolist(), strict=d > 1)),
        "mig_bins": BINS,
        "dci_disentanglement": _concentration(importance) if f > 1 else None,
        "dci_completeness": _concentration(importance.T) if d > 1 else None,
        "dci_informativeness": float(accuracy.mean()),
        "sap": float(separated_attribute_gaps(codes, factors, seed).mean()) if d > 1 else None,
    }


def mutual_information_gaps(codes: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """For each factor, how much more the best dimension tells of it than the second best, over its entropy: (F,).

    20 bins hold at most log 20 nats, so a factor of more values stays below 1 however good the code: 0.86 for 32 values.
    """
    from sklearn.metrics import mutual_info_score

    binned = [np.digitize(column, np.histogram_bin_edges(column, BINS)[1:-1]) for column in codes.T]
    gaps = []
    for factor in factors.T:
        second, best = np.sort([mutual_info_score(factor, column) for column in binned])[-2:]
        gaps.append((best - second) / mutual_info_score(factor, factor))
    return np.array(gaps)


def separated_attribute_gaps(codes: np.ndarray, factors: np.ndarray, seed: int = 0) -> np.ndarray:
    """For each factor, the balanced accuracy of the best dimension less that of the second best: (F,).

    A discrete factor of V values is told from one dimension by at most V - 1 thresholds (a decision tree of V leaves), as in
    the paper; a linear classifier of one number cannot tell a middle value from those on both sides. Thresholds are fitted to
    one half of the images, in an order drawn from `seed`, and scored on the other. A useless dimension is still right once
    in V, so the best possible gap is 1 - 1/V.
    """
    from sklearn.tree import DecisionTreeClassifier

    fitted, scored = _halves(len(codes), seed)
    gaps = []
    for factor in factors.T:
        leaves = max(2, len(np.unique(factor)))
        truth, scores = factor[scored], []
        for column in codes.T[:, :, None]:
            tree = DecisionTreeClassifier(max_leaf_nodes=leaves, class_weight="balanced", random_state=seed)
            guess = tree.fit(column[fitted], factor[fitted]).predict(column[scored])
            scores.append(np.mean([np.mean(guess[truth == v] == v) for v in np.unique(truth)]))
        second, best = np.sort(scores)[-2:]
        gaps.append(best - second)
    return np.array(gaps)


def _halves(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    order = np.random.default_rng(seed).permutation(n)
    return order[: (n + 1) // 2], order[(n + 1) // 2 :]


def _forests(codes: np.ndarray, factors: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The importance of each dimension for each factor (d, F), and the accuracy for each factor on the other half (F,).

    Forests and not boosting: boosting fits a tree for each of a factor's values, a forest one for all. Every split may
    choose among all dimensions, or a factor known from one would be split on others by chance.
    """
    from sklearn.ensemble import RandomForestClassifier

    fitted, scored = _halves(len(codes), seed)
    importance, accuracy = [], []
    for factor in factors.T:
        forest = RandomForestClassifier(
            TREES,
            max_depth=12,
            min_samples_leaf=2,
            # scikit-learn has no annotations, and pyright infers a str from the default.
            max_features=None,  # pyright: ignore[reportArgumentType]
            random_state=seed,
            n_jobs=1,
        )
        forest.fit(codes[fitted], factor[fitted])
        importance.append(forest.feature_importances_)
        accuracy.append(forest.score(codes[scored], factor[scored]))
    return np.array(importance).T, np.array(accuracy)


def _concentration(importance: np.ndarray) -> float:
    """1 - the entropy of each row, in units of its largest, weighted by the row's sum (Eastwood & Williams 2018, eq. 2-3)."""
    weight = importance.sum(1)
    share = importance / np.where(weight > 0, weight, 1)[:, None]
    entropy = -(share * np.log(np.where(share > 0, share, 1))).sum(1) / np.log(importance.shape[1])
    return float((weight * (1 - entropy)).sum() / weight.sum()) if weight.sum() > 0 else 0.0
