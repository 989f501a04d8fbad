//! Types during inference: scalars, tuples, and variables that literals and their users leave open.

use filbert_ir::Type;

/// A type that may still be open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ty {
    Scalar(Type),
    /// An index into `Types::vars`.
    Var(u32),
    /// An index into `Types::tuples`.
    Tuple(u32),
    /// Unifies with everything, so that one mistake gives one message.
    Error,
}

/// What a variable may become.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Open {
    /// An integer; i32 if nothing else decides.
    Int,
    /// A float; f64 if nothing else decides.
    Float,
}

#[derive(Clone, Copy, Debug)]
enum Var {
    Open(Open),
    Bound(Ty),
}

/// All types of a text.
#[derive(Default)]
pub(crate) struct Types {
    vars: Vec<Var>,
    tuples: Vec<Vec<Ty>>,
    /// For each tuple, itself and all that it holds: tuples of tuples could grow without bound.
    weights: Vec<usize>,
}

/// Elements of a tuple, those of its elements and the tuples themselves counted.
pub(crate) const TUPLE_ELEMENTS_MAX: usize = 256;

/// The type of conditions.
pub(crate) const BOOL: Ty = Ty::Scalar(Type::Bool);

impl Types {
    /// Fresh tables, in which the first tuple is the unit.
    pub(crate) fn new() -> Types {
        Types { vars: Vec::new(), tuples: vec![Vec::new()], weights: vec![1] }
    }

    /// `()`
    pub(crate) fn unit() -> Ty {
        Ty::Tuple(0)
    }

    pub(crate) fn open(&mut self, open: Open) -> Ty {
        self.vars.push(Var::Open(open));
        Ty::Var(self.vars.len() as u32 - 1)
    }

    /// A tuple; `None` if it would be too large.
    pub(crate) fn tuple(&mut self, elems: Vec<Ty>) -> Option<Ty> {
        if elems.is_empty() {
            return Some(Types::unit());
        }
        let weight = 1 + elems.iter().map(|&ty| self.weight(ty)).sum::<usize>();
        if weight > TUPLE_ELEMENTS_MAX {
            return None;
        }
        self.tuples.push(elems);
        self.weights.push(weight);
        Some(Ty::Tuple(self.tuples.len() as u32 - 1))
    }

    fn weight(&self, ty: Ty) -> usize {
        match self.resolve(ty) {
            Ty::Tuple(tuple) => self.weights[tuple as usize],
            _ => 1,
        }
    }

    /// The elements of a tuple.
    pub(crate) fn elems(&self, tuple: u32) -> &[Ty] {
        &self.tuples[tuple as usize]
    }

    /// The type, with what is known of a variable. Elements of tuples are left as they are.
    pub(crate) fn resolve(&self, mut ty: Ty) -> Ty {
        while let Ty::Var(var) = ty {
            match self.vars[var as usize] {
                Var::Bound(to) => ty = to,
                Var::Open(_) => break,
            }
        }
        ty
    }

    /// What a resolved type may still become, if it is open.
    pub(crate) fn openness(&self, ty: Ty) -> Option<Open> {
        match ty {
            Ty::Var(var) => match self.vars[var as usize] {
                Var::Open(open) => Some(open),
                Var::Bound(_) => None,
            },
            _ => None,
        }
    }

    /// The scalar that a type is, or becomes when nothing else decides.
    pub(crate) fn scalar(&self, ty: Ty) -> Option<Type> {
        match self.resolve(ty) {
            Ty::Scalar(ty) => Some(ty),
            open @ Ty::Var(_) => match self.openness(open) {
                Some(Open::Float) => Some(Type::F64),
                _ => Some(Type::I32),
            },
            Ty::Tuple(_) | Ty::Error => None,
        }
    }

    /// Makes two types one; false if they cannot be.
    pub(crate) fn unify(&mut self, a: Ty, b: Ty) -> bool {
        let (a, b) = (self.resolve(a), self.resolve(b));
        match (a, b) {
            (Ty::Error, _) | (_, Ty::Error) => true,
            (Ty::Scalar(a), Ty::Scalar(b)) => a == b,
            (Ty::Var(x), Ty::Var(y)) if x == y => true,
            (Ty::Var(x), Ty::Var(_)) => {
                let same = self.openness(a) == self.openness(b);
                if same {
                    self.vars[x as usize] = Var::Bound(b);
                }
                same
            }
            (Ty::Var(var), Ty::Scalar(ty)) | (Ty::Scalar(ty), Ty::Var(var)) => {
                let fits = match self.openness(Ty::Var(var)) {
                    Some(Open::Int) => ty.is_int(),
                    Some(Open::Float) => ty.is_float(),
                    None => true,
                };
                if fits {
                    self.vars[var as usize] = Var::Bound(Ty::Scalar(ty));
                }
                fits
            }
            (Ty::Tuple(x), Ty::Tuple(y)) => {
                let (xs, ys) = (self.tuples[x as usize].clone(), self.tuples[y as usize].clone());
                xs.len() == ys.len() && xs.into_iter().zip(ys).all(|(x, y)| self.unify(x, y))
            }
            (Ty::Tuple(_), _) | (_, Ty::Tuple(_)) => false,
        }
    }

    /// The type in words.
    pub(crate) fn show(&self, ty: Ty) -> String {
        match self.resolve(ty) {
            Ty::Scalar(ty) => ty.to_string(),
            open @ Ty::Var(_) => match self.openness(open) {
                Some(Open::Float) => "a float literal".to_string(),
                _ => "an integer literal".to_string(),
            },
            Ty::Tuple(0) => "no value".to_string(),
            Ty::Tuple(tuple) => {
                let elems: Vec<String> = self.elems(tuple).iter().map(|&ty| self.element(ty)).collect();
                match elems.as_slice() {
                    [one] => format!("({one},)"),
                    several => format!("({})", several.join(", ")),
                }
            }
            Ty::Error => "_".to_string(),
        }
    }

    /// Inside a tuple, a literal shows the type that it will get.
    fn element(&self, ty: Ty) -> String {
        match self.scalar(ty) {
            Some(scalar) => scalar.to_string(),
            None => self.show(ty),
        }
    }

    /// Whether a type says that something was reported.
    pub(crate) fn is_error(&self, ty: Ty) -> bool {
        match self.resolve(ty) {
            Ty::Error => true,
            Ty::Tuple(tuple) => self.elems(tuple).iter().any(|&ty| self.is_error(ty)),
            _ => false,
        }
    }
}
