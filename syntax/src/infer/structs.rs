//! Structs, and the other types that have a name.

use filbert_ir::{Code, Diagnostic, Span};

use super::Infer;
use super::explain::Why;
use super::types::Ty;
use crate::ast::{ExprId, KernelItem, Name, Pat, StructItem, TypeNote};
use crate::names;

impl<'a, 't> Infer<'a, 't> {
    /// Makes the structs of the text known. A field is one column, so that a struct is so many.
    pub(super) fn structs(&mut self) {
        for item in &self.tree.structs {
            let fields = item.fields.iter().map(|(name, note)| self.struct_field(*name, note)).collect();
            self.out.types.add_struct(item.name.text, fields);
            for (index, (name, _)) in item.fields.iter().enumerate() {
                if let Some((first, _)) = item.fields[..index].iter().find(|(first, _)| first.text == name.text) {
                    let message = format!("the field `{}` is defined twice", name.text);
                    let finding = Diagnostic::new(Code::DuplicateName, name.span, message);
                    self.report(finding.note(first.span, "first defined here"));
                }
            }
        }
        for (index, item) in self.tree.structs.iter().enumerate() {
            let same = |other: &&StructItem<'t>| other.name.text == item.name.text;
            if let Some(first) = self.tree.structs[..index].iter().find(same) {
                let message = format!("`{}` is defined twice", item.name.text);
                let finding = Diagnostic::new(Code::DuplicateName, item.name.span, message);
                self.report(finding.note(first.name.span, "first defined here"));
            }
        }
    }

    fn struct_field(&mut self, name: Name<'t>, note: &TypeNote<'t>) -> Ty {
        let is_struct = |note: &TypeNote<'t>| match note {
            TypeNote::Named { name, .. } => self.tree.structs.iter().any(|item| item.name.text == name.text),
            _ => false,
        };
        let is_column = |note: &TypeNote<'t>| match note {
            TypeNote::Scalar(_) | TypeNote::Error => true,
            TypeNote::Named { .. } => !is_struct(note),
            _ => false,
        };
        let fits = match note {
            TypeNote::Option(inner) => is_column(inner),
            note => is_column(note),
        };
        if fits {
            return self.note(note, name.span);
        }
        let message = format!("a kernel cannot have the field `{}` of more than one value", name.text);
        let finding = Diagnostic::new(Code::Unsupported, name.span, message);
        self.report(finding.help("give a struct one field for each value: each is a column"));
        Ty::Error
    }

    /// A struct, a type parameter, or a time type with its unit.
    pub(super) fn named_note(&mut self, name: Name<'t>, unit: Option<Name<'t>>) -> Ty {
        if let Some(&(_, ty)) = self.type_params.iter().find(|(param, _)| *param == name.text) {
            return ty;
        }
        if let Some(of) = self.tree.structs.iter().position(|item| item.name.text == name.text) {
            return Ty::Struct(of as u32);
        }
        // Type parameters were reported where they are declared.
        if !crate::read::TIMES.iter().any(|(time, _)| *time == name.text) {
            return Ty::Error;
        }
        self.time_note(name, unit)
    }

    /// What a kernel takes and gives are columns: structs are results, whole, and nothing else.
    pub(super) fn check_columns(&mut self, kernel: &'a KernelItem<'t>, params: &[Ty], result: Ty) {
        for (param, &ty) in kernel.params.iter().zip(params) {
            if let Ty::Struct(of) = self.out.types.resolve(ty) {
                let fields = self.field_list(of);
                let message = "a kernel cannot have a struct parameter".to_string();
                let finding = Diagnostic::new(Code::Unsupported, param.ty_span, message);
                self.report(finding.help(format!("take one parameter for each field: {fields}")));
            }
        }
        let has_struct = |ty: Ty| match self.out.types.resolve(ty) {
            Ty::Struct(_) => true,
            Ty::Option(option) => matches!(self.out.types.resolve(self.out.types.inner(option)), Ty::Struct(_)),
            _ => false,
        };
        let inside = match self.out.types.resolve(result) {
            Ty::Tuple(tuple) => self.out.types.elems(tuple).iter().any(|&elem| has_struct(elem)),
            Ty::Struct(_) => false,
            other => has_struct(other),
        };
        if inside {
            let message = "a kernel cannot have a struct inside its result";
            let finding = Diagnostic::new(Code::Unsupported, kernel.result_span, message);
            self.report(finding.help("return the struct itself, with an `Option` field for what may be null"));
        }
    }

    /// `x: f64, y: f64`
    fn field_list(&self, of: u32) -> String {
        let item = &self.tree.structs[of as usize];
        let types = &self.out.types;
        let fields = item.fields.iter().zip(types.fields(of));
        fields.map(|((name, _), &ty)| format!("{}: {}", name.text, types.show(ty))).collect::<Vec<_>>().join(", ")
    }

    /// The type of a field of a value of type `ty`.
    pub(super) fn field_of(&mut self, id: ExprId, ty: Ty, name: Name<'t>) -> Ty {
        let ty = self.out.types.resolve(ty);
        let found = match ty {
            Ty::Struct(of) => self.field_place(of, name.text).map(|index| self.out.types.fields(of)[index]),
            none @ (Ty::Error | Ty::Never) => return none,
            _ => None,
        };
        if let Some(field) = found {
            return field;
        }
        let shown = self.out.types.show(ty);
        let message = format!("{shown} has no field `{}`", name.text);
        let mut finding = Diagnostic::new(Code::UnknownName, name.span, message);
        finding.help = match ty {
            Ty::Struct(of) => self.near_field(of, name.text),
            Ty::Slice(_) | Ty::Array(_) | Ty::Ref(_) if crate::lists::method(name.text).is_none() => {
                let whole = self.tree.slice(self.tree.span(id));
                crate::lists::instead(name.text, whole.rsplit_once('.').map_or("x", |(list, _)| list))
            }
            Ty::Tuple(_) => Some("write `.0`, `.1` for the elements of a tuple".to_string()),
            _ if crate::methods::method(name.text).is_some() || crate::lists::method(name.text).is_some() => {
                Some(format!("a method needs `()`: `.{}()`", name.text))
            }
            _ => None,
        };
        self.report(finding);
        Ty::Error
    }

    fn near_field(&self, of: u32, name: &str) -> Option<String> {
        let fields = &self.tree.structs[of as usize].fields;
        let near = names::nearest(name, fields.iter().map(|(field, _)| field.text));
        let known = || fields.iter().map(|(field, _)| format!("`{}`", field.text)).collect::<Vec<_>>().join(", ");
        Some(match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("its fields are {}", known()),
        })
    }

    fn field_place(&self, of: u32, name: &str) -> Option<usize> {
        self.tree.structs.get(of as usize)?.fields.iter().position(|(field, _)| field.text == name)
    }

    /// `Point { x: 1.0, y }`
    pub(super) fn struct_value(&mut self, name: Name<'t>, fields: &'a [(Name<'t>, ExprId)]) -> Ty {
        let tree = self.tree;
        let Some(of) = tree.structs.iter().position(|item| item.name.text == name.text) else {
            fields.iter().for_each(|(_, value)| _ = self.infer(*value));
            let message = format!("unknown struct `{}`", name.text);
            let near = names::nearest(name.text, tree.structs.iter().map(|item| item.name.text));
            let mut finding = Diagnostic::new(Code::UnknownType, name.span, message);
            finding.help = near.map(|near| format!("did you mean `{near}`?"));
            self.report(finding);
            return Ty::Error;
        };
        let item = &tree.structs[of];
        let mut given: Vec<Name<'t>> = Vec::new();
        for (field, value) in fields {
            if let Some(first) = given.iter().find(|first| first.text == field.text) {
                let message = format!("the field `{}` is given twice", field.text);
                let finding = Diagnostic::new(Code::DuplicateName, field.span, message);
                self.report(finding.note(first.span, "first given here"));
            }
            given.push(*field);
            match self.field_place(of as u32, field.text) {
                Some(index) => {
                    let want = self.out.types.fields(of as u32)[index];
                    self.check(*value, want, Why::Field(item, index));
                }
                None => {
                    self.infer(*value);
                    let message = format!("`{}` has no field `{}`", item.name.text, field.text);
                    let mut finding = Diagnostic::new(Code::UnknownName, field.span, message);
                    finding.help = self.near_field(of as u32, field.text);
                    self.report(finding);
                }
            }
        }
        self.check_missing(item, name.span, &given, "value of");
        Ty::Struct(of as u32)
    }

    /// Reports the fields of a struct that are not among those given.
    fn check_missing(&mut self, item: &'a StructItem<'t>, span: Span, given: &[Name<'t>], what: &str) {
        let missing = item.fields.iter().filter(|(field, _)| !given.iter().any(|name| name.text == field.text));
        let missing: Vec<String> = missing.map(|(field, _)| format!("`{}`", field.text)).collect();
        if !missing.is_empty() {
            let message = format!("{what} `{}`: {} missing", item.name.text, missing.join(", "));
            let finding = Diagnostic::new(Code::ArgumentCount, span, message).note(item.name.span, "the struct");
            self.report(finding);
        }
    }

    /// The types of the fields that a pattern names, in its order.
    pub(super) fn struct_pattern(
        &mut self,
        name: Name<'t>,
        fields: &'a [(Name<'t>, Pat<'t>)],
        rest: bool,
        span: Span,
        ty: Ty,
    ) -> Vec<Ty> {
        let tree = self.tree;
        let errors = vec![Ty::Error; fields.len()];
        let ty = self.out.types.resolve(ty);
        let of = match ty {
            Ty::Struct(of) if tree.structs[of as usize].name.text == name.text => of,
            Ty::Error | Ty::Never => return errors,
            other => {
                let message =
                    format!("pattern `{}`: expected that struct, got {}", name.text, self.out.types.show(other));
                self.report(Diagnostic::new(Code::TypeMismatch, span, message));
                return errors;
            }
        };
        let item = &tree.structs[of as usize];
        let given: Vec<Name<'t>> = fields.iter().map(|(name, _)| *name).collect();
        if !rest {
            self.check_missing(item, span, &given, "pattern of");
        }
        let tys = given.iter().map(|field| self.field_of(ExprId(0), Ty::Struct(of), *field));
        tys.collect()
    }
}
