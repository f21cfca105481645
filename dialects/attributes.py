"""Our attribute table: every discardable attribute that passes exchange. docs/ir.md is this file for readers.

Attributes are builtin ones under the prefix ``mw.`` (meshwright), accepted on any registered op. One name, one meaning.
"""

# On the module
MICROBATCHES = "mw.microbatches"  # i64: how often forward and backward run per step
BATCH_SIZE = "mw.batch_size"  # i64: rows of the whole batch, in every batch argument
NUM_STAGES = "mw.num_stages"  # i64
USER_MESH = "mw.user_mesh"  # string: the axes of the input's own mesh, "data=2,model=4"

# On a sdy.mesh
MACHINE = "mw.machine"  # dictionary: links of each axis, rates, memory (see passes/analysis/shardings/machine_attr.py)

# On arguments and results of @main
ROLE = "mw.role"  # string, one of ARGUMENT_ROLES / RESULT_ROLES
NAME = "mw.name"  # string: the user's name, "params['w']"
HOW = "mw.how"  # string: how the role was found, "donated to result 0"
INDEX = "mw.index"  # i64: position in the user's program, which passes may reorder around
ANNOTATION = (
    "mw.annotation"  # string: the sharding that the user asks for, "[{\"x\"}, {}]"; on an op one a result, "": none
)
ROWS = "mw.rows"  # array<i64: dim, outer> on a batch argument whose rows do not lie along dim 0 (analysis/batch/arguments.py)
WHOLE = "mw.whole"  # unit: twin of a batch argument that is fed the whole batch (see passes/microbatch/whole_batch.py)
LAYERS = "mw.layers"  # i64 on an argument: how many layers a loop cut it in, along dim 0
PART = "mw.part"  # array<i64: position, start, limit>: these rows of the user's argument or result at position, which is in parts
ONE_STACK = "mw.one_stack"  # string on an argument: why a stack of layers stays one array
STATE_RESULT = "mw.state_result"  # i64 on an argument: the result that is its next value
STATE_ARG = "mw.state_arg"  # i64 on a result: the argument that it feeds in the next step

# On ops of @main
PHASE = "mw.phase"  # string, one of PHASES (dialects/values.py)
STAGE = "mw.stage"  # i64: the pipeline stage that runs the op
CUT = "mw.cut"  # unit on a forward op: the user cuts after it (--plan-spec)
PICKS = (
    "mw.picks"  # unit on a gather: of all rows, it picks one for each row; its indices and its result are split by rows
)
BATCH_DIM = "mw.batch_dim"  # array<i64>, one entry a result: the dim that the batch runs along, -1 if none

# On a fragment (a func.func with mw.phase and mw.stage too), on its arguments and results, and on those of the realized @main
MESH = "mw.mesh"  # i64, on the fragment: the mesh that runs it, sdy.mesh @mesh1 for 1; left out: @mesh
LEVEL = "mw.level"  # i64, on the fragment: hops between stages that a setup or update waits for, 0 in other phases
VALUE = "mw.value"  # string: id of the value (dialects/values.py), the same on every function that reads or gives it
VALUE_DIM = "mw.value_dim"  # i64: the dim that the batch runs along, -1 if none

ARGUMENT_ROLES = ("parameter", "optimizer", "state", "batch", "constant", "microbatch")
RESULT_ROLES = ("state", "loss", "metric", "output")

# Calls that passes leave in @main between the parts that run per microbatch and the part that runs once per step
ACCUMULATE = "mw.accumulate"  # custom_call: partial result of each microbatch -> their fold; mw.kind says which
COLLECT = "mw.collect"  # custom_call: one slice per microbatch -> their concatenation along mw.dim
FOLDS = (ACCUMULATE, COLLECT)
# Calls that stand for an accumulation loop taken apart, until ``microbatch`` gives each microbatch one of its iterations
NUMBER = "mw.number"  # custom_call: which iteration, i32
FOLD = "mw.fold"  # custom_call: what each iteration has -> their fold; mw.kind says which
STACK = "mw.stack"  # custom_call: one slice an iteration -> all of them along mw.dim
KIND = "mw.kind"  # string: "sum" | "min" | "max" | "and" | "or" | "product"
DIM = "mw.dim"  # i64
# On collectives inside a mesh
JOINS = "mw.joins"  # i64 on a reshard and on its collective: priced as a part of a bucket with others of its kind and this moment
MEMBERS = "mw.members"  # array<i64> on a bucket's collective: elements of each member on a device, of its larger side
