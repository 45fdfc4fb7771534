"""Starts MiniStack with a Distributed Map that obeys MaxConcurrencyPath, as that of AWS does."""

from ministack import app
from ministack.services import stepfunctions

run_distributed_map = stepfunctions._run_distributed_map


def run_as_many_as_the_path_says(state, raw_input, effective, iterator, execution, context):
    path = state.get("MaxConcurrencyPath")
    if path is not None:
        parallel = stepfunctions._resolve_path_or_ctx(path, effective, context)
        state = {**state, "MaxConcurrency": parallel}
    return run_distributed_map(state, raw_input, effective, iterator, execution, context)


stepfunctions._run_distributed_map = run_as_many_as_the_path_says
app.main()
