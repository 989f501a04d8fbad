//! A kernel's signature in terms of C: which arguments its function has, in order, and what each of them is to the
//! call frame.
//!
//! ```text
//!   kernel                        C, for `rows` rows
//!   x: f64                        const double *x
//!   x: Option<f64>                const double *x, const bool *x_valid       no x_valid: all rows have a value
//!   x: &[f64; 3]                  const double *x                            3 elements a row
//!   x: &[f64]                     const double *x, const uint64_t *x_offsets   row r: x[x_offsets[r]] to x[x_offsets[r + 1]]
//!   -> f64, [f64; 3]              double *out
//!   -> Option<f64>, on_error      double *out, bool *out_valid
//! ```

use filbert_ir::signature::{Length, Param, ResultTy};
use filbert_ir::{Code, Def, Diagnostic, Logical, OnError, Op, Span, Type, ValueId, VerifiedKernel};

/// A parameter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Input {
    /// A value a row, in this slot; of a nullable one the slot behind says whether it is there.
    Scalar { ty: Logical, nullable: bool, slot: usize },
    /// A list a row: the number of its elements in this slot, which is known or not; its place among the lists.
    List { elem: Type, slot: usize, list: usize, elements: Option<u64> },
}

/// A result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Output {
    /// So many values a row, in this output column; of a nullable one the column behind says whether it is there.
    Column { ty: Type, width: u64, nullable: bool, column: usize },
    /// A list a row that the code writes element by element, and where its length is wanted.
    List { elem: Type, slot: usize, list: usize, elements: u64 },
}

/// What an argument of the C function is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    Rows,
    Input(usize),
    InputValid(usize),
    InputOffsets(usize),
    Output(usize),
    OutputValid(usize),
    Error,
}

/// An argument of the C function.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Argument {
    pub(crate) role: Role,
    /// `const double *`
    pub(crate) ty: String,
    pub(crate) name: String,
}

/// A kernel as a C function.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Shape {
    pub(crate) arguments: Vec<Argument>,
    pub(crate) inputs: Vec<Input>,
    pub(crate) outputs: Vec<Output>,
    /// Whether a row that fails is null, and does not end the call.
    pub(crate) forgives: bool,
}

impl Shape {
    /// The shape, or all reasons why there is none.
    pub(crate) fn of(kernel: &VerifiedKernel, is_taken: bool) -> Result<Shape, Vec<Diagnostic>> {
        let mut wrong = Vec::new();
        let mut refuse = |value: Option<ValueId>, message: String, help: &str| {
            let source = kernel.source.as_ref();
            let span = source.zip(value).and_then(|(source, value)| source.spans.get(value.index()).copied());
            let mut found = Diagnostic::unplaced(Code::NotForObject, format!("kernel {}: {message}", kernel.name()));
            found.span = span.filter(|span| *span != Span::default());
            wrong.push(found.help(help));
        };
        if is_taken {
            refuse(None, "another function of this object has the same name in C".into(), "rename it");
        }
        if !is_c_word(kernel.name()) {
            refuse(None, "its name is no name in C".into(), "rename it: letters without accents, digits and _");
        }
        for (index, value) in kernel.core.values.iter().enumerate() {
            if let Def::Op(op @ (Op::Gamma | Op::LnGamma), _) = value.def {
                let message = format!("`{op}` is not to be had outside of Filbert's own processes");
                let help = "objects have every function but gamma and ln_gamma: compute it where kernels are loaded";
                refuse(Some(ValueId(index as u32)), message, help);
            }
        }
        let signature = &kernel.core.signature;
        let mut lists = 0;
        let mut take_list = || {
            lists += 1;
            lists - 1
        };
        let mut inputs = Vec::new();
        for (index, param) in signature.params.iter().enumerate() {
            let slot = signature.param_slot(index).index();
            inputs.push(match *param {
                Param::Scalar { ty, nullable } => Input::Scalar { ty, nullable, slot },
                Param::List { elem, inner, len } => {
                    let elements = len.map(|len| u64::from(len) * u64::from(inner));
                    Input::List { elem, slot, list: take_list(), elements }
                }
            });
        }
        let (mut outputs, mut columns) = (Vec::new(), 0);
        for (index, result) in signature.results.iter().enumerate() {
            let (column, slot) = (columns, signature.length_slot(index).index());
            match result {
                ResultTy::Scalar { ty, nullable } => {
                    columns += 1 + usize::from(*nullable);
                    outputs.push(Output::Column { ty: ty.storage(), width: 1, nullable: *nullable, column });
                }
                ResultTy::Fixed { elem, len } => {
                    columns += 1;
                    outputs.push(Output::Column { ty: *elem, width: u64::from(*len), nullable: false, column });
                }
                ResultTy::List { elem, inner, len } => match fixed_length(&signature.params, len) {
                    Some(rows) => {
                        let elements = rows * u64::from(*inner);
                        outputs.push(Output::List { elem: *elem, slot, list: take_list(), elements });
                    }
                    None => {
                        let name = kernel.names.result(index);
                        let message = format!("the list `{name}` that it writes has another length in each row");
                        let help =
                            "give the list a fixed length, or the lists that its length depends on: `x: &[f64; 16]`";
                        refuse(Some(ValueId(slot as u32)), message, help);
                    }
                },
            }
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let forgives = signature.on_error == OnError::Null;
        let mut shape = Shape { arguments: Vec::new(), inputs, outputs, forgives };
        shape.arguments = arguments(kernel, &shape);
        Ok(shape)
    }

    /// Whether an output says which rows have a value.
    pub(crate) fn has_valid(&self, output: usize) -> bool {
        self.forgives || matches!(self.outputs[output], Output::Column { nullable: true, .. })
    }

    /// The place of the argument with this role.
    pub(crate) fn position(&self, role: Role) -> usize {
        self.arguments.iter().position(|argument| argument.role == role).expect("the shape has this argument")
    }
}

/// How many rows a result's list has, if that is the same in all rows of the call.
fn fixed_length(params: &[Param], length: &Length) -> Option<u64> {
    let rows_of = |param: u32| match params.get(param as usize) {
        Some(Param::List { len: Some(len), .. }) => Some(u64::from(*len)),
        _ => None,
    };
    let is_known = length.terms.iter().all(|&(param, _)| rows_of(param).is_some());
    is_known.then(|| length.of(|param| rows_of(param).unwrap_or(0)))
}

fn arguments(kernel: &VerifiedKernel, shape: &Shape) -> Vec<Argument> {
    let mut names: Vec<String> = vec!["rows".into(), "error".into()];
    let mut name = |wanted: &str| {
        let mut name = c_word(wanted);
        while names.contains(&name) || RESERVED.contains(&name.as_str()) {
            name.push('_');
        }
        names.push(name.clone());
        name
    };
    let mut arguments = vec![Argument { role: Role::Rows, ty: "size_t ".into(), name: "rows".into() }];
    let mut add = |role, ty: String, name| arguments.push(Argument { role, ty, name });
    for (index, input) in shape.inputs.iter().enumerate() {
        let wanted = kernel.names.params.get(index).cloned().unwrap_or_else(|| format!("p{index}"));
        let first = name(&wanted);
        match input {
            Input::Scalar { ty, nullable, .. } => {
                add(Role::Input(index), format!("const {} *", c_type(ty.storage())), first);
                if *nullable {
                    add(Role::InputValid(index), "const bool *".into(), name(&format!("{wanted}_valid")));
                }
            }
            Input::List { elem, elements, .. } => {
                add(Role::Input(index), format!("const {} *", c_type(*elem)), first);
                if elements.is_none() {
                    add(Role::InputOffsets(index), "const uint64_t *".into(), name(&format!("{wanted}_offsets")));
                }
            }
        }
    }
    for (index, output) in shape.outputs.iter().enumerate() {
        let (Output::Column { ty, .. } | Output::List { elem: ty, .. }) = output;
        let wanted = match shape.outputs.len() {
            1 if kernel.names.results.is_empty() => "out".to_string(),
            _ => kernel.names.result(index),
        };
        add(Role::Output(index), format!("{} *", c_type(*ty)), name(&wanted));
        if shape.has_valid(index) {
            add(Role::OutputValid(index), "bool *".into(), name(&format!("{wanted}_valid")));
        }
    }
    add(Role::Error, "filbert_error *".into(), "error".into());
    arguments
}

/// The type of an element.
pub(crate) fn c_type(ty: Type) -> &'static str {
    match ty {
        Type::Bool => "bool",
        Type::I8 => "int8_t",
        Type::I16 => "int16_t",
        Type::I32 => "int32_t",
        Type::I64 => "int64_t",
        Type::U8 => "uint8_t",
        Type::U16 => "uint16_t",
        Type::U32 => "uint32_t",
        Type::U64 => "uint64_t",
        Type::F32 => "float",
        Type::F64 => "double",
    }
}

fn is_c_word(word: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    word.chars().all(is_part) && word.starts_with(|c: char| !c.is_ascii_digit())
}

/// The word with `_` for what C does not take.
pub(crate) fn c_word(word: &str) -> String {
    let word: String = word.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if is_c_word(&word) { word } else { format!("_{word}") }
}

/// Words that mean something to C, to C++ or in their headers.
#[rustfmt::skip]
const RESERVED: &[&str] = &[
    "alignas", "alignof", "and", "and_eq", "asm", "auto", "bitand", "bitor", "bool", "break", "case", "catch", "char",
    "char8_t", "char16_t", "char32_t", "class", "co_await", "co_return", "co_yield", "compl", "concept", "const",
    "const_cast", "consteval", "constexpr", "constinit", "continue", "decltype", "default", "delete", "do", "double",
    "dynamic_cast", "else", "enum", "explicit", "export", "extern", "false", "float", "for", "friend", "goto", "if",
    "inline", "int", "int8_t", "int16_t", "int32_t", "int64_t", "linux", "long", "mutable", "namespace", "new",
    "noexcept", "not", "not_eq", "NULL", "nullptr", "operator", "or", "or_eq", "private", "protected", "public",
    "register", "reinterpret_cast", "requires", "restrict", "return", "short", "signed", "size_t", "sizeof", "static",
    "static_assert", "static_cast", "struct", "switch", "template", "this", "thread_local", "throw", "true", "try",
    "typedef", "typeid", "typename", "typeof", "typeof_unqual", "uint8_t", "uint16_t", "uint32_t", "uint64_t", "union",
    "unix", "unsigned", "using", "virtual", "void", "volatile", "wchar_t", "while", "xor", "xor_eq",
];
