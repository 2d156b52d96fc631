"""The contract of studies: they name what exists, and every cell can be planned. `check_study` runs it all."""

from equipoise.evaluation.catalogue import METRICS
from equipoise.recipes.catalogue import BUDGETS, RECIPES
from equipoise.studies.log_measures import LOG_MEASURES
from equipoise.studies.plan import content_hash, experiment_of
from equipoise.studies.study import DIVERGED, Reference, Row, Study
from equipoise.testing.requirements import require


def check_study(study: Study) -> None:
    """Check a study with every contract of `STUDY_CONTRACTS`. Nothing is trained.

    Raises:
        AssertionError: names what does not exist, or is there twice.
    """
    for contract in STUDY_CONTRACTS:
        contract(study)


def names_metrics_that_exist(study: Study) -> None:
    """Its measures, their stand-ins and what it watches are metrics; published figures are of its measures."""
    metrics = {measure.metric for measure in study.measures}
    stand_ins = {measure.stand_in for measure in study.measures} - {None}
    watched = set() if study.watched is None else {study.watched.metric, study.watched.stand_in} - {None}
    unknown = (metrics | stand_ins) - set(METRICS) - set(LOG_MEASURES) | (watched - set(METRICS))
    require(not unknown, f"study {study.name} names unknown metrics: {unknown}.")
    rows: tuple[Row | Reference, ...] = (*study.rows, *study.references)
    for row in rows:
        foreign = set(row.published) - metrics
        require(not foreign, f"row {row.label!r} publishes {foreign}, which the study does not measure.")
        for metric, figure in row.published.items():
            positive = figure.value is None or figure.value > 0
            require(positive, f"the published {metric} of {row.label!r} is {figure.value}, expected above 0.")


def names_recipes_that_exist(study: Study) -> None:
    """Rows and references name recipes; every budget has its scale."""
    named = {row.recipe for row in study.rows if row.experiment is None}
    named |= {reference.recipe for reference in study.references} - {""}
    unknown = named - set(RECIPES)
    require(not unknown, f"study {study.name} names unknown recipes: {unknown}.")
    require(set(study.scales) == set(BUDGETS), f"study {study.name} has scales of {set(study.scales)}.")


def has_rows_of_different_names(study: Study) -> None:
    """No two rows of a block have one label, no two variants of a row."""
    labels = [(row.label, row.block) for row in study.rows]
    require(len(set(labels)) == len(labels), f"study {study.name} has two rows of one label in a block.")
    for row in study.rows:
        variants = [variant.label for variant in row.variants]
        require(len(set(variants)) == len(variants), f"row {row.label!r} has two variants of one label.")


def claims_speak_of_its_rows(study: Study) -> None:
    """Orders and sentences name rows and metrics of the study."""
    labels = {(row.label, row.block) for row in study.rows}
    metrics = {measure.metric for measure in study.measures}
    for order in study.orders:
        named = {(order.better, order.block), (order.worse, order.block)}
        require(named <= labels, f"an order names {named - labels}, which are no rows.")
        require(order.metric in metrics | {DIVERGED}, f"an order names {order.metric!r}, which is not measured.")
    for sentence in study.sentences:
        named = {(sentence.row, sentence.block)}
        named |= {(sentence.bound, sentence.block)} if isinstance(sentence.bound, str) else set()
        require(named <= labels, f"a sentence names {named - labels}, which are no rows.")
        require(sentence.metric in metrics, f"a sentence names {sentence.metric!r}, which is not measured.")


def can_be_planned(study: Study) -> None:
    """The first and the last variant of each row are an experiment, and no two of them are the same one."""
    hashes: dict[str, str] = {}
    for row in study.rows:
        for variant in {one.label: one for one in (row.variants[0], row.variants[-1])}.values():
            experiment = experiment_of(study, row, variant, 3, "cpu")
            require(experiment.seed == 3, f"row {row.label!r} fixes its seed.")
            what, found = f"{row.block} {row.label} {variant.label}", content_hash(experiment)
            require(found not in hashes, f"{what!r} is the same experiment as {hashes.get(found)!r}.")
            hashes[found] = what


STUDY_CONTRACTS = (
    names_metrics_that_exist,
    names_recipes_that_exist,
    has_rows_of_different_names,
    claims_speak_of_its_rows,
    can_be_planned,
)
"""Every contract of a study: a function that raises AssertionError where it is broken."""
