"""Modules that no frontend writes: what each is, and a word of its refusal ("" where it is a program like any other)."""

K = "tensor<4xf32>"


def main(body: str, arguments: str = f"%x: {K}", results: str = K) -> str:
    """A module with this body of @main."""
    return f"func.func public @main({arguments}) -> ({results}) {{\n{body}\n}}\n"


def tanh(attributes: str = "", location: str = "") -> str:
    """One op with these attributes, at this location."""
    return main(f"%y = stablehlo.tanh %x {attributes} : {K} {location}\nreturn %y : {K}")


def branches(depth: int) -> str:
    """Regions in regions."""
    opened = "".join(
        f'%c{i} = stablehlo.constant dense<0> : tensor<i32>\n%b{i} = "stablehlo.case"(%c{i}) ({{\n'
        for i in range(depth)
    )
    closed = "".join(f"}}) : (tensor<i32>) -> {K}\nstablehlo.return %b{i} : {K}\n" for i in reversed(range(1, depth)))
    return main(f"{opened}stablehlo.return %x : {K}\n{closed}}}) : (tensor<i32>) -> {K}\nreturn %b0 : {K}")


def calls(op: str, count: int, times: int) -> str:
    """``count`` functions, each of which calls the next one ``times`` times."""
    functions = "".join(_function(i, op, times) for i in range(count))
    last = f"func.func private @f{count}(%a: {K}) -> {K} {{\n%0 = stablehlo.tanh %a : {K}\nreturn %0 : {K}\n}}\n"
    return main(f"%0 = call @f0(%x) : ({K}) -> {K}\nreturn %0 : {K}") + functions + last


def _function(i: int, op: str, times: int) -> str:
    lines = [f"%v{j + 1} = {op.format(value=f'%v{j}', callee=f'@f{i + 1}')} : ({K}) -> {K}" for j in range(times)]
    return f"func.func private @f{i}(%v0: {K}) -> {K} {{\n" + "\n".join(lines) + f"\nreturn %v{times} : {K}\n}}\n"


def aliases(first: str, step: str, count: int, use: str) -> str:
    """A chain of aliases, each made of the one before: a nest without brackets."""
    mark = first[0]
    chain = "".join(f"{mark}l{i} = {step.format(before=f'{mark}l{i - 1}')}\n" for i in range(1, count))
    return f"{mark}l0 = {first[1:]}\n{chain}" + use.format(last=f"{mark}l{count - 1}")


def reads(size: str) -> str:
    """A program with one more argument and result, of this type."""
    return main(f"return %x, %z : {K}, {size}", f"%x: {K}, %z: {size}", f"{K}, {size}")


CALL, COMPOSITE = "func.call {callee}({value})", 'stablehlo.composite "a.b" {value} {{decomposition = {callee}}}'
_AT = f"func.func @main(%x: {K}) -> {K} {{{{\n%y = stablehlo.tanh %x : {K} loc({{last}})\nreturn %y : {K}\n}}}}\n"
_WITH = (
    f"func.func @main(%x: {K}) -> {K} {{{{\n%y = stablehlo.tanh %x {{{{a = {{last}}}}}} : {K}\nreturn %y : {K}\n}}}}\n"
)
_BLOB = '\n{-#\n  dialect_resources: {\n    builtin: {\n      blob: "0x0400000001"\n    }\n  }\n#-}\n'
_CONSTANT = f"%c = stablehlo.constant {{}} : {K}\n%y = stablehlo.add %x, %c : {K}\nreturn %y : {K}"

MODULES: dict[str, tuple[str, str]] = {
    "empty": ("", "the file is empty"),
    "blank": (" \n\n", "the file is empty"),
    "no function": ("module { }", "got no function"),
    "regions": (branches(3000), "brackets nest 6002 deep, want at most 256"),
    "some regions": (branches(100), "regions nest more than 64 deep"),
    "a few regions": (branches(20), ""),
    "attributes": (tanh(f"{{a = {'[' * 100_000}{']' * 100_000}}}"), "brackets nest"),
    "types": (tanh(f"{{a = {'tuple<' * 50_000}f32{'>' * 50_000}}}"), "brackets nest"),
    "call sites": (tanh(location=f"loc({'callsite(' * 50_000}unknown{' at unknown)' * 50_000})"), "brackets nest"),
    "modules": ("module {" * 50_000 + "}" * 50_000, "brackets nest"),
    "elements": (main(_CONSTANT.format(f"dense<{'[' * 50_000}1.0{']' * 50_000}>")), "brackets nest"),
    "brackets in a string": (tanh(f'{{a = "{"(" * 1000}"}}'), ""),
    "affine": (tanh(f"{{a = affine_map<(d0, d1) -> (d0 {'* 2 + d1 ' * 100_000})>}}"), "damaged"),
    "chain of locations": (aliases('#loc("a")', "loc(callsite({before} at unknown))", 50_000, _AT), "4096 deep"),
    "twice a location": (aliases('#loc("a")', "loc(callsite({before} at {before}))", 60, _AT), "1000000 parts"),
    "chain of attributes": (aliases("#1 : i32", "[{before}]", 50_000, _WITH), "an attribute nests more than 256 deep"),
    "twice an attribute": (aliases("#1 : i32", "[{before}, {before}]", 60, _WITH), "1000000 parts"),
    "twice an entry": (aliases("#1 : i32", "{{a = {before}, b = {before}}}", 60, _WITH), "1000000 parts"),
    "twice a type": (aliases("!i32", "tuple<{before}, {before}>", 60, _WITH), "1000000 parts"),
    "calls twice": (calls(CALL, 24, 2), "want at most 1000000; write what repeats as a loop"),
    "composites twice": (calls(COMPOSITE, 24, 2), "want at most 1000000"),
    "chain of calls": (calls(CALL, 3000, 1), ""),
    "calls itself": (calls(CALL, 0, 1).replace("stablehlo.tanh %a :", f"func.call @f0(%a) : ({K}) ->"), "calls itself"),
    "main calls itself": (main(f"%0 = call @main(%x) : ({K}) -> {K}\nreturn %0 : {K}"), "calls itself"),
    "each the other": (calls(CALL, 2, 1).replace("stablehlo.tanh %a :", f"func.call @f1(%a) : ({K}) ->"), "calls itself"),
    "decomposes into itself": (
        calls(COMPOSITE, 2, 1).replace("stablehlo.tanh %a :", f"func.call @f0(%a) : ({K}) ->"),
        "calls itself",
    ),
    "elements past 2^63": (reads("tensor<9000000000x9000000000xf32>"), "which no machine can hold"),
    "bytes past 2^63": (reads("tensor<9223372036854775807xf32>"), "which no machine can hold"),
    "a size past 2^64": (reads("tensor<99999999999999999999999xf32>"), "invalid dimension"),
    "terabytes": (main(f"%c = stablehlo.constant dense<1.0> : tensor<9999999999999xf32>\nreturn %x, %c : {K}, "
                       "tensor<9999999999999xf32>", results=f"{K}, tensor<9999999999999xf32>"), "TiB"),
    "a rank of 1000": (reads(f"tensor<{'1x' * 999}4xf32>"), "a tensor of rank 1000, want at most 64"),
    "no such resource": (main(_CONSTANT.format("dense_resource<blob>")), "dense_resource"),
    "resource too short": (main(_CONSTANT.format("dense_resource<blob>")) + _BLOB, "dense_resource"),
    "hex that is none": (main(_CONSTANT.format('dense<"0xZZ">')), "hex digits"),
    "hex too short": (main(_CONSTANT.format('dense<"0x0000">')), "hex data size is invalid"),
    "folds of gigabytes": (
        main("%a = stablehlo.constant dense<[1,2]> : tensor<2xi64>\n%b = stablehlo.constant dense<2> : tensor<i64>\n"
             "%j = stablehlo.pad %a, %b, low = [0], high = [999999998], interior = [0] : "
             "(tensor<2xi64>, tensor<i64>) -> tensor<1000000000xi64>\n"
             "%s = stablehlo.slice %j [0:4] : (tensor<1000000000xi64>) -> tensor<4xi64>\n"
             f"%t = stablehlo.convert %s : (tensor<4xi64>) -> {K}\n%y = stablehlo.add %x, %t : {K}\nreturn %y : {K}"), ""),
    "products of gigabytes": (
        main("%a = stablehlo.iota dim = 0 : tensor<40000x40000xi32>\n"
             "%j = stablehlo.transpose %a, dims = [1, 0] : (tensor<40000x40000xi32>) -> tensor<40000x40000xi32>\n"
             "%k = stablehlo.multiply %j, %a : tensor<40000x40000xi32>\n"
             "%s = stablehlo.slice %k [0:1, 0:4] : (tensor<40000x40000xi32>) -> tensor<1x4xi32>\n"
             "%q = stablehlo.reshape %s : (tensor<1x4xi32>) -> tensor<4xi32>\n"
             f"%t = stablehlo.convert %q : (tensor<4xi32>) -> {K}\n%y = stablehlo.add %x, %t : {K}\nreturn %y : {K}"), ""),
    "a long string": (tanh(f'{{a = "{"x" * 3_000_000}"}}'), ""),
    "strings that are no UTF-8": (tanh('{a = "\\FF\\80"}'), "not UTF-8"),
    "names that are no UTF-8": (tanh(location='loc("\\FF")'), "damaged"),
    "control characters": (main(f"return %x : {K}", f'%x: {K} loc("\\1B[31mred\\07")'), ""),
    "a zero byte": ("func.func @main() {\0 return }", "not a module"),
    "a stage of ours": (tanh("{mw.stage = 7 : i64}"), "the attribute mw.stage is a mark of Meshwright's own passes"),
    "a role of ours": (main(f"return %x : {K}", f'%x: {K} {{mw.role = "batch"}}'), "argument 0 of @main: the attribute mw"),
    "a result of ours": (main(f"return %x : {K}", results=f"{K} {{mw.value = 3}}"), "result 0 of @main: the attribute mw"),
    "microbatches of ours": (f"module attributes {{mw.microbatches = -3}} {{ {tanh()} }}", "mw.microbatches is a mark"),
    "donated to nothing": (main(f"return %x : {K}", f"%x: {K} {{tf.aliasing_output = 9 : i32}}"), "to result 9 of 1"),
    "donated to a word": (main(f"return %x : {K}", f'%x: {K} {{tf.aliasing_output = "a"}}'), 'tf.aliasing_output is "a"'),
    "a number for a name": (main(f"return %x : {K}", results=f"{K} {{jax.result_info = 3}}"), "jax.result_info is 3"),
    "without an end": (main(f"""%t = stablehlo.constant dense<true> : tensor<i1>
%r = stablehlo.while(%i = %x) : {K} cond {{
  stablehlo.return %t : tensor<i1>
}} do {{
  %z = stablehlo.tanh %i : {K}
  stablehlo.return %z : {K}
}}
return %r : {K}"""), ""),
}  # fmt: skip
