//! One whole row by the signature: nulls, lists, and what becomes of a fault.

use super::{Control, Interpreter, Memory, NoMemory, RowEnd, RowFault};
use crate::kernel::{Core, VerifiedKernel};
use crate::limits::FUEL_MAX;
use crate::signature::{Array, Datum, OnError, Param, ResultTy};
use crate::types::{Scalar, Type};

/// Elements of one list result for which `run` allocates. Columns have their own bounds.
pub const LIST_ELEMENTS_MAX: u64 = 1 << 24;

/// Computes one row: a datum for each parameter in, a canonical one for each result out. A null in a strict
/// parameter makes every result null; so does a fault, if the kernel says `on_error = "null"`.
///
/// # Panics
/// If the arguments do not match the kernel's parameters, or a list result would have more than
/// `LIST_ELEMENTS_MAX` elements: whoever has values from outside checks them first.
pub fn run(kernel: &VerifiedKernel, args: &[Datum]) -> Result<Vec<Datum>, RowFault> {
    run_with_fuel(kernel, args, FUEL_MAX)
}

/// `run` where the row may spend at most `fuel` iterations, and at most what its kernel says.
///
/// # Panics
/// As `run`.
pub fn run_with_fuel(kernel: &VerifiedKernel, args: &[Datum], fuel: u64) -> Result<Vec<Datum>, RowFault> {
    let core = &kernel.core;
    let nulls = || vec![Datum::Null; core.signature.results.len()];
    let Some(mut row) = Row::new(core, args) else { return Ok(nulls()) };
    let mut out = vec![0; core.returns.len()];
    let ended = Interpreter::new(kernel).row(&row.slots, &mut row.memory, &mut Control::new(fuel, None), &mut out);
    match ended {
        Ok(()) => Ok(row.results(core, &out)),
        Err(RowEnd::Fault(_)) if core.signature.on_error == OnError::Null => Ok(nulls()),
        Err(RowEnd::Fault(fault)) => Err(fault),
        Err(RowEnd::Stopped) => unreachable!("nobody asks to stop"),
    }
}

/// Computes one row of a kernel without lists, slots in and the values that make the results out: for strict
/// parameters and results those are the arguments and the results. `on_error` does not count.
///
/// # Panics
/// If the arguments do not match the kernel's slots in number and type, or the kernel has lists.
pub fn run_scalars(kernel: &VerifiedKernel, args: &[Scalar]) -> Result<Vec<Scalar>, RowFault> {
    let core = &kernel.core;
    let given: Vec<Type> = args.iter().map(|arg| arg.ty()).collect();
    let wanted = core.slot_types();
    assert!(given == wanted, "kernel {} takes {wanted:?}, called with {given:?}", kernel.name());
    let slots: Vec<u64> = args.iter().map(|arg| arg.bits()).collect();
    let mut out = vec![0; core.returns.len()];
    match Interpreter::new(kernel).row(&slots, &mut NoMemory, &mut Control::free(), &mut out) {
        Ok(()) => Ok(core.return_types().into_iter().zip(out).map(|(ty, bits)| Scalar::from_bits(ty, bits)).collect()),
        Err(RowEnd::Fault(fault)) => Err(fault),
        Err(RowEnd::Stopped) => unreachable!("nobody asks to stop"),
    }
}

/// What an engine gets for a row that is not null: its slots, and its memory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// Bits of the slots.
    pub slots: Vec<u64>,
    /// Elements of the lists; those of results are zeros at first.
    pub memory: RowMemory,
}

/// A row's lists as vectors of bits, by index of parameter and of result; empty for what is no list.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RowMemory {
    /// Elements of the list parameters.
    pub params: Vec<Vec<u64>>,
    /// Elements of the list results.
    pub results: Vec<Vec<u64>>,
}

impl Memory for RowMemory {
    fn load(&self, array: Array, index: u64) -> u64 {
        match array {
            Array::Param(param) => self.params[param as usize][index as usize],
            Array::Result(result) => self.results[result as usize][index as usize],
            Array::Table(_) => unreachable!("tables are the interpreter's"),
        }
    }

    fn store(&mut self, array: Array, index: u64, bits: u64) {
        match array {
            Array::Result(result) => self.results[result as usize][index as usize] = bits,
            _ => unreachable!("only results are written"),
        }
    }
}

impl Row {
    /// The row of these arguments; `None` if it is null: a strict parameter is.
    ///
    /// # Panics
    /// As `run`.
    pub fn new(core: &Core, args: &[Datum]) -> Option<Row> {
        let params = &core.signature.params;
        assert_eq!(args.len(), params.len(), "an argument for each parameter");
        let mut row = Row { slots: Vec::new(), memory: RowMemory::default() };
        let mut is_null = false;
        for (index, (param, arg)) in params.iter().zip(args).enumerate() {
            let mut elements = Vec::new();
            match (param, arg) {
                (Param::Scalar { nullable: true, .. }, Datum::Null) => row.slots.extend([0, 0]),
                (_, Datum::Null) => is_null = true,
                (Param::Scalar { ty, nullable }, Datum::Scalar(scalar)) if scalar.ty() == ty.storage() => {
                    row.slots.push(scalar.bits());
                    row.slots.extend(nullable.then_some(1));
                }
                (Param::List { elem, inner, len }, Datum::List(list)) if list.iter().all(|e| e.ty() == *elem) => {
                    let rows = list.len() as u64 / u64::from(*inner);
                    assert!(list.len().is_multiple_of(*inner as usize), "argument {index} has whole rows");
                    assert!(len.is_none_or(|len| u64::from(len) == rows), "argument {index} has a fixed length");
                    row.slots.push(list.len() as u64);
                    elements = list.iter().map(|element| element.bits()).collect();
                }
                _ => panic!("argument {index} is {arg}, expected {param}"),
            }
            row.memory.params.push(elements);
        }
        if is_null {
            return None;
        }
        for result in &core.signature.results {
            let mut elements = Vec::new();
            if let ResultTy::List { inner, len, .. } = result {
                let length = len.of(|param| row.rows_of(params, param)).saturating_mul(u64::from(*inner));
                assert!(length <= LIST_ELEMENTS_MAX, "a list result has at most {LIST_ELEMENTS_MAX} elements");
                row.slots.push(length);
                elements = vec![0; length as usize];
            }
            row.memory.results.push(elements);
        }
        Some(row)
    }

    /// The length of a list parameter, in rows.
    fn rows_of(&self, params: &[Param], param: u32) -> u64 {
        match params[param as usize] {
            Param::List { inner, .. } => self.memory.params[param as usize].len() as u64 / u64::from(inner),
            Param::Scalar { .. } => unreachable!("lengths name lists"),
        }
    }

    /// The results of the row, given the values that make them.
    pub fn results(&self, core: &Core, returns: &[u64]) -> Vec<Datum> {
        let mut returns = returns.iter().copied();
        let mut next = || returns.next().expect("as many values as the results are made of");
        let results = core.signature.results.iter().zip(&self.memory.results).map(|(result, elements)| match result {
            ResultTy::Scalar { ty, nullable } => {
                let bits = next();
                let is_some = !nullable || next() != 0;
                if is_some { Datum::Scalar(Scalar::from_bits(ty.storage(), bits)) } else { Datum::Null }
            }
            ResultTy::Fixed { elem, len } => Datum::List((0..*len).map(|_| Scalar::from_bits(*elem, next())).collect()),
            ResultTy::List { elem, .. } => {
                Datum::List(elements.iter().map(|&bits| Scalar::from_bits(*elem, bits)).collect())
            }
        });
        results.collect()
    }
}
