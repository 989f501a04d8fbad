//! The front end as a list of steps.

use std::sync::Arc;

use filbert_ir::limits::{DOC_BYTES_MAX, NAME_BYTES_MAX, NESTING_MAX, PARAMS_MAX, RESULTS_MAX, VALUES_MAX};
use filbert_ir::{Code, Diagnostic, Diagnostics, Span, VerifiedKernel, verify};

use crate::ast::{KernelItem, Role, Tree, TypeNote};
use crate::generics::{self, Instance, Template};
use crate::infer::{self, Typed};
use crate::links::Links;
use crate::lower::value::Val;
use crate::lower::{DYNAMIC_LEN_MAX, Lowering, TooLarge};
use crate::module::Module;
use crate::{consts, habits, items, read, scan, warnings};

/// Findings that are reported; a text that is wrong all over gets no more.
const FINDINGS_MAX: usize = 100;

/// Parses, types and lowers a text of one or more kernels. `name` is what messages call the text. All
/// errors come back at once.
pub fn parse(text: &str, name: &str) -> Result<Module, Diagnostics> {
    // A byte order mark is no part of the text that spans count in.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let compiled = compile(text, name, &Links::None)?;
    let warnings = Diagnostics::new(order(compiled.warnings), name, text);
    Ok(Module { kernels: compiled.kernels, templates: compiled.templates, warnings })
}

/// A compiled text.
pub(crate) struct Compiled {
    /// In source order. Empty where links are open and the text needs some.
    pub(crate) kernels: Vec<VerifiedKernel>,
    /// Its generic kernels.
    pub(crate) templates: Vec<Template>,
    /// The instance that was asked for.
    pub(crate) asked: Option<VerifiedKernel>,
    /// What the text needs, where links are open.
    pub(crate) wanted: Vec<Need>,
    /// Empty where links are open and the text needs some.
    pub(crate) warnings: Vec<Diagnostic>,
}

/// A name that stands for something outside the text.
pub(crate) struct Need {
    pub(crate) path: String,
    pub(crate) span: Span,
    pub(crate) is_kernel: bool,
}

/// `parse`, with links.
pub(crate) fn compile(text: &str, name: &str, links: &Links<'_>) -> Result<Compiled, Diagnostics> {
    compile_as(text, name, links, None)
}

/// A generic kernel of a text for certain types, and nothing else of it.
pub(crate) fn compile_instance(
    text: &str,
    name: &str,
    links: &Links<'_>,
    instance: Instance,
) -> Result<Compiled, Diagnostics> {
    compile_as(text, name, links, Some(instance))
}

fn compile_as(text: &str, name: &str, links: &Links<'_>, asked: Option<Instance>) -> Result<Compiled, Diagnostics> {
    let fail = |findings| Diagnostics::new(order(findings), name, text);
    let weight = {
        // Spans live in a table of the thread, which would otherwise keep every text ever parsed.
        let _forget = ForgetSpans;
        let (tokens, weight) = scan::tokens(text).map_err(|finding| fail(vec![finding]))?;
        if weight <= scan::LIGHT {
            return stages(text, tokens, name, links, asked).map_err(fail);
        }
        weight
    };
    on_large_stack(weight, || {
        let (tokens, _) = scan::tokens(text).map_err(|finding| vec![finding])?;
        stages(text, tokens, name, links, asked)
    })
    .map_err(fail)
}

/// Makes proc-macro2 forget this thread's texts, at the latest when this is dropped.
struct ForgetSpans;

impl Drop for ForgetSpans {
    fn drop(&mut self) {
        proc_macro2::extra::invalidate_current_thread_spans();
    }
}

/// Runs `work` where deep recursion has room.
fn on_large_stack<T: Send>(
    weight: usize,
    work: impl FnOnce() -> Result<T, Vec<Diagnostic>> + Send,
) -> Result<T, Vec<Diagnostic>> {
    let bytes = scan::STACK_BYTES_PER_TOKEN * weight.max(256);
    std::thread::scope(|scope| {
        let spawned = std::thread::Builder::new().stack_size(bytes).spawn_scoped(scope, work);
        match spawned.map(|thread| thread.join()) {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(error) => {
                let message = format!("no thread with {bytes} bytes of stack for this text: {error}");
                Err(vec![Diagnostic::unplaced(Code::OutOfMemory, message)])
            }
        }
    })
}

fn stages(
    text: &str,
    tokens: proc_macro2::TokenStream,
    name: &str,
    links: &Links<'_>,
    asked: Option<Instance>,
) -> Result<Compiled, Vec<Diagnostic>> {
    let parsed = parse_tokens(text, tokens);
    let (tree, typed, mut found) = read_and_infer(&parsed, text, links, asked.as_ref())?;
    let order = call_order(&tree, &typed, &mut found);
    if !found.is_empty() {
        return Err(found);
    }
    let templates = generics::templates(&tree, name, links);
    let mut compiled =
        Compiled { kernels: Vec::new(), templates, asked: None, wanted: Vec::new(), warnings: Vec::new() };
    if !typed.wanted.is_empty() {
        let wanted = typed.wanted.iter().map(|want| Need {
            path: want.path.join("::"),
            span: want.span,
            is_kernel: want.is_kernel,
        });
        compiled.wanted = wanted.collect();
        return Ok(compiled);
    }
    let mut kernels = lower(&tree, &typed, name, links, &order, asked.is_some())?;
    if asked.is_some() {
        compiled.asked = tree.kernels.iter().position(is_asked(&tree)).and_then(|index| kernels[index].take());
        return Ok(compiled);
    }
    let written = tree.kernels.iter().zip(kernels).filter(|(kernel, _)| kernel.role == Role::Plain);
    compiled.kernels = written.filter_map(|(_, kernel)| kernel).collect();
    compiled.warnings = warnings::warnings(&tree, &typed);
    Ok(compiled)
}

/// A text as syn has it, what was wrong with it, and the names that were lost.
struct Parsed<'t> {
    file: syn::File,
    found: Vec<Diagnostic>,
    lost: Vec<&'t str>,
}

fn parse_tokens(text: &str, tokens: proc_macro2::TokenStream) -> Parsed<'_> {
    match syn::parse2::<syn::File>(tokens.clone()) {
        Ok(file) => Parsed { file, found: Vec::new(), lost: Vec::new() },
        Err(_) => {
            let salvage = items::salvage(tokens);
            let found = salvage.errors.into_iter().flatten().map(|error| syntax_error(text, &error)).collect();
            let lost = salvage.lost.iter().filter_map(|name| text.get(name.span().byte_range())).collect();
            Parsed { file: salvage.file, found, lost }
        }
    }
}

/// A text, its types, and what was found wrong with it.
type Inferred<'t> = (Tree<'t>, Typed<'t>, Vec<Diagnostic>);

/// Reads and infers until no call wants an instance of a generic kernel that there is not.
fn read_and_infer<'t>(
    parsed: &Parsed<'t>,
    text: &'t str,
    links: &Links<'_>,
    asked: Option<&Instance>,
) -> Result<Inferred<'t>, Vec<Diagnostic>> {
    let mut instances: Vec<Instance> = asked.cloned().into_iter().collect();
    let mut has_samples = asked.is_some();
    let mut round = 0;
    loop {
        let mut found = parsed.found.clone();
        let mut tree = read::read(text, &parsed.file, &instances, &mut found);
        tree.forgiven.extend(&parsed.lost);
        if tree.kernels.is_empty() && found.is_empty() {
            let message = "there is no kernel in the text: expected a `fn`, got none";
            let help = "write one, for example `fn double(x: f64) -> f64 { 2.0 * x }`";
            return Err(vec![Diagnostic::new(Code::NoKernel, Span::new(0, 0), message).help(help)]);
        }
        if !std::mem::replace(&mut has_samples, true) {
            instances = generics::samples(&tree);
            if !instances.is_empty() {
                continue;
            }
        }
        check_sizes(&tree, &mut found);
        let typed = infer::infer(&tree, links, &mut found);
        let Some(next) = typed.instances.first() else { return Ok((tree, typed, found)) };
        round += 1;
        let called = instances.iter().filter(|instance| matches!(instance.origin, generics::Origin::Call(_))).count();
        let limit = if round > generics::ROUNDS_MAX {
            Some(format!("calls of generic kernels nest more than {} deep (ROUNDS_MAX)", generics::ROUNDS_MAX))
        } else if called + typed.instances.len() > generics::INSTANCES_MAX {
            Some(format!("generic kernels are called for more than {} types (INSTANCES_MAX)", generics::INSTANCES_MAX))
        } else {
            None
        };
        if let Some(message) = limit {
            let span = match next.origin {
                generics::Origin::Call(span) => span,
                generics::Origin::Sample | generics::Origin::Asked => Span::default(),
            };
            found.push(Diagnostic::new(Code::KernelTooLarge, span, message).help("write the types out"));
            return Err(found);
        }
        instances.extend(typed.instances.iter().cloned());
    }
}

/// Whether a kernel is the instance that was asked for.
fn is_asked<'t>(tree: &Tree<'t>) -> impl Fn(&KernelItem<'t>) -> bool {
    |kernel| match kernel.role {
        Role::Instance(place) => matches!(tree.instances[place].origin, generics::Origin::Asked),
        Role::Plain | Role::Template => false,
    }
}

/// The kernels that are built: those that are written, or the one that was asked for, and what they call.
fn built(tree: &Tree<'_>, typed: &Typed<'_>, is_asked_only: bool) -> Vec<bool> {
    let is_root = |kernel: &KernelItem<'_>| match is_asked_only {
        true => is_asked(tree)(kernel),
        false => kernel.role == Role::Plain,
    };
    let mut built: Vec<bool> = tree.kernels.iter().map(is_root).collect();
    let mut callees: Vec<Vec<usize>> = vec![Vec::new(); built.len()];
    typed.calls.iter().for_each(|call| callees[call.caller].push(call.callee));
    let mut waiting: Vec<usize> = (0..built.len()).filter(|&index| built[index]).collect();
    while let Some(caller) = waiting.pop() {
        for &callee in &callees[caller] {
            if !std::mem::replace(&mut built[callee], true) {
                waiting.push(callee);
            }
        }
    }
    built
}

/// syn places what is missing at the end of the text nowhere.
fn syntax_error(text: &str, error: &syn::Error) -> Diagnostic {
    let range = error.span().byte_range();
    let span = if range.is_empty() {
        let end = text.trim_end().len();
        Span::new(end.saturating_sub(text[..end].chars().next_back().map_or(0, char::len_utf8)), end)
    } else {
        Span::new(range.start, range.end)
    };
    // The end that syn means is mostly that of a bracket, which the place shows.
    let message = error.to_string();
    let message = match message.strip_prefix("unexpected end of input, ").unwrap_or(&message) {
        // What syn would make of a word at the left end: a macro.
        "expected `!`" => "expected a `fn`, got something else",
        message => message,
    };
    Diagnostic { help: habits::syntax(text, span, message), ..Diagnostic::new(Code::Syntax, span, message) }
}

fn check_sizes(tree: &Tree<'_>, found: &mut Vec<Diagnostic>) {
    let mut limit = |span: Span, what: String, got: usize, max: usize, name: &str| {
        if got > max {
            let message = format!("{what}: {got}, the limit is {max} (limits::{name})");
            found.push(Diagnostic::new(Code::KernelTooLarge, span, message));
        }
    };
    for kernel in &tree.kernels {
        let name = kernel.name;
        limit(name.span, format!("parameters of `{}`", name.text), kernel.params.len(), PARAMS_MAX, "PARAMS_MAX");
        limit(name.span, "bytes of documentation".to_string(), kernel.doc.len(), DOC_BYTES_MAX, "DOC_BYTES_MAX");
        for name in kernel.params.iter().map(|param| param.name).chain([name]) {
            limit(name.span, "bytes in a name".to_string(), name.text.len(), NAME_BYTES_MAX, "NAME_BYTES_MAX");
        }
        check_result(tree, kernel, &mut limit);
    }
    found.extend(tree.kernels.iter().filter_map(|kernel| check_fields(tree, kernel)));
}

/// `fields` names each element of a result tuple, and nothing else.
fn check_fields(tree: &Tree<'_>, kernel: &KernelItem<'_>) -> Option<Diagnostic> {
    let names = kernel.attrs.fields.len();
    if names == 0 {
        return None;
    }
    let (message, help) = match &kernel.result {
        TypeNote::Tuple(elems) if elems.len() == names => return None,
        TypeNote::Error => return None,
        TypeNote::Tuple(elems) => {
            let message = format!("`fields`: expected {} names, got {names}", elems.len());
            (message, "name each element of the result tuple")
        }
        TypeNote::Named { name, .. } if tree.structs.iter().any(|item| item.name.text == name.text) => {
            ("`fields`: the struct names the columns already".to_string(), "leave `fields` out")
        }
        _ => {
            let message = "`fields`: expected a result tuple, whose elements it names".to_string();
            (message, "leave `fields` out: a query names the column of a single result")
        }
    };
    let finding = Diagnostic::new(Code::BadAttribute, kernel.attrs.fields_span, message).help(help);
    Some(finding.note(kernel.result_span, "the result type"))
}

fn check_result(tree: &Tree<'_>, kernel: &KernelItem<'_>, limit: &mut impl FnMut(Span, String, usize, usize, &str)) {
    let count = match &kernel.result {
        TypeNote::Tuple(elems) => elems.len(),
        TypeNote::Named { name, .. } => {
            tree.structs.iter().find(|item| item.name.text == name.text).map_or(1, |item| item.fields.len())
        }
        _ => 1,
    };
    let what = format!("results of `{}`", kernel.name.text);
    limit(kernel.result_span, what, count, RESULTS_MAX, "RESULTS_MAX");
}

/// The kernels, callees before their callers; reports each cycle.
fn call_order(tree: &Tree<'_>, typed: &Typed<'_>, found: &mut Vec<Diagnostic>) -> Vec<usize> {
    let mut callees: Vec<Vec<(usize, Span)>> = vec![Vec::new(); tree.kernels.len()];
    for call in &typed.calls {
        callees[call.caller].push((call.callee, call.span));
    }
    let mut order = Vec::new();
    let mut done = vec![false; tree.kernels.len()];
    // Kernels whose callees are being walked, and how far; a callee that stands here closes a cycle.
    let mut path: Vec<(usize, usize)> = Vec::new();
    let mut on_path = vec![false; tree.kernels.len()];
    for root in 0..tree.kernels.len() {
        if done[root] {
            continue;
        }
        path.push((root, 0));
        on_path[root] = true;
        while let Some((kernel, next)) = path.last_mut() {
            let kernel = *kernel;
            let Some(&(callee, span)) = callees[kernel].get(*next) else {
                path.pop();
                on_path[kernel] = false;
                done[kernel] = true;
                order.push(kernel);
                continue;
            };
            *next += 1;
            if on_path[callee] {
                let start = path.iter().position(|&(on, _)| on == callee).unwrap_or(0);
                let cycle: Vec<usize> = path[start..].iter().map(|&(on, _)| on).collect();
                found.push(recursion(tree, &cycle, span));
            } else if !done[callee] {
                on_path[callee] = true;
                path.push((callee, 0));
            }
        }
    }
    order
}

fn recursion(tree: &Tree<'_>, cycle: &[usize], span: Span) -> Diagnostic {
    let names: Vec<String> =
        cycle.iter().chain(cycle.first()).map(|&kernel| format!("`{}`", tree.kernels[kernel].name.text)).collect();
    let message = match names.as_slice() {
        [name, _] => format!("{name} calls itself"),
        names => format!("kernels call each other in a circle: {}", names.join(" calls ")),
    };
    Diagnostic::new(Code::Recursion, span, message)
        .help("calls are replaced by the body of what they call, so they must end: write a closed form")
}

fn lower(
    tree: &Tree<'_>,
    typed: &Typed<'_>,
    name: &str,
    links: &Links<'_>,
    order: &[usize],
    is_asked_only: bool,
) -> Result<Vec<Option<VerifiedKernel>>, Vec<Diagnostic>> {
    let built = built(tree, typed, is_asked_only);
    let mut lowering = Lowering {
        tree,
        typed,
        links,
        consts: vec![None; tree.consts.len()],
        kernels: vec![None; tree.kernels.len()],
        name,
        text: Arc::from(tree.text),
        variables: vec![Val::Many(Vec::new()); tree.locals as usize],
    };
    consts::compute_consts(&mut lowering)?;
    let mut found = Vec::new();
    for &index in order.iter().filter(|&&index| built[index]) {
        // A callee that failed was reported; its callers cannot be built.
        let is_ready = typed.calls.iter().all(|call| call.caller != index || lowering.kernels[call.callee].is_some());
        if !is_ready {
            continue;
        }
        let kernel = &tree.kernels[index];
        match lowering.kernel(index).map_err(|too_large| explain_size(kernel.name.text, &too_large)) {
            Ok(lowered) => match verify(lowered) {
                Ok(verified) => lowering.kernels[index] = Some(verified),
                Err(findings) => found.extend(place(findings, kernel.name.span)),
            },
            Err(finding) => found.push(finding),
        }
    }
    if !found.is_empty() {
        return Err(found);
    }
    Ok(lowering.kernels)
}

pub(crate) fn explain_size(name: &str, too_large: &TooLarge) -> Diagnostic {
    let (span, message, help) = match too_large {
        TooLarge::Values(span) => (
            *span,
            format!("`{name}` has more than {VALUES_MAX} values (limits::VALUES_MAX)"),
            "calls are replaced by the body of what they call: compute parts of it in a kernel of their own",
        ),
        TooLarge::Nesting(span) => (
            *span,
            format!("`{name}` nests branches and loops more than {NESTING_MAX} deep (limits::NESTING_MAX)"),
            "what follows a `return`, `break` or `?` is inside the branch that goes on: have fewer of them in a row",
        ),
        TooLarge::Zip(span) => {
            let message = "`zip` of two iterators that both leave items out";
            return Diagnostic::new(Code::Unsupported, *span, message)
                .help("write `zip` first, and `filter` the pairs: `x.iter().zip(y).filter(|(a, b)| ...)`");
        }
        TooLarge::NoMemory(span) => {
            let message = "a kernel cannot be called with an array of variables";
            let help = "it takes lists that are parameters, parts of these, and tables of constants: take the \
                        elements as parameters, or write the loop here";
            return Diagnostic::new(Code::Unsupported, *span, message).help(help);
        }
        TooLarge::Dynamic(span, len) => (
            *span,
            format!(
                "an index that is computed, on an array of {len}: the limit is {DYNAMIC_LEN_MAX} (DYNAMIC_LEN_MAX)"
            ),
            "an array of variables chooses among all of its elements: use a table of constants, or a list parameter",
        ),
    };
    Diagnostic::new(Code::KernelTooLarge, span, message).label("the limit is passed here").help(help)
}

/// What the verifier finds is about limits; anything else would be our defect. It needs a place.
pub(crate) fn place(findings: Diagnostics, span: Span) -> Vec<Diagnostic> {
    let placed = findings.list.into_iter().map(|finding| Diagnostic { span: finding.span.or(Some(span)), ..finding });
    placed.collect()
}

/// In source order, each once, and not too many.
fn order(mut findings: Vec<Diagnostic>) -> Vec<Diagnostic> {
    findings.sort_by_key(|finding| finding.span.map_or((u32::MAX, 0), |span| (span.start, span.end)));
    findings.dedup();
    let more = findings.len().saturating_sub(FINDINGS_MAX);
    if more > 0 {
        let code = findings[0].code;
        findings.truncate(FINDINGS_MAX);
        findings.push(Diagnostic::unplaced(code, format!("and {more} more findings")));
    }
    findings
}
