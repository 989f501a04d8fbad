//! A function as it stands in a plan, in bytes.
//!
//! ```text
//!   "FBUD" | version u16, little-endian | kind u8 | body
//!
//!   kind 0, a kernel:    wire form of the kernel (core and names, see filbert-ir's `wire`)
//!   kind 2, a deal:      u32 partitions (see `deal`)
//!   kind 1, a template:  function's name | template's name | name of the text | text
//!                        | u32 count, of kernels it calls that are not in the text: path | wire form
//!                        | u32 count, of constants that are not in the text: path | shape | u32 count, of bits u64
//!
//!   shape:               from the outside in: 1, u32 length: array | 2: slice | 3: reference; then 0, type u8
//! ```
//!
//! Names, texts and wire forms are a u32 length and as many bytes. Numbers are little-endian. Bytes behind the
//! end are refused, and a template is compiled again from its text: nothing here is trusted.

use filbert_ir::{Code, KernelError, Scalar, Type, wire};
use filbert_syntax::{ConstantValue, Shape, Template, TemplateSource};

use crate::deal::Deal;
use crate::repartition::PARTITIONS_MAX;
use crate::template::TemplateUdf;
use crate::udf::KernelUdf;

pub(crate) const MAGIC: &[u8; 4] = b"FBUD";
const VERSION: u16 = 2;
const KERNEL: u8 = 0;
const TEMPLATE: u8 = 1;
const DEAL: u8 = 2;

const SCALAR: u8 = 0;
const ARRAY: u8 = 1;
const SLICE: u8 = 2;
const REF: u8 = 3;
/// Arrays of arrays, slices and references that a constant may be, one in another.
const SHAPE_DEPTH_MAX: usize = 16;

/// A function of ours.
pub(crate) enum Function {
    Kernel(KernelUdf),
    Template(TemplateUdf),
    Deal(Deal),
}

fn head(kind: u8) -> Vec<u8> {
    [MAGIC.as_slice(), &VERSION.to_le_bytes(), &[kind]].concat()
}

/// The bytes of a kernel.
pub(crate) fn of_kernel(udf: &KernelUdf) -> Vec<u8> {
    [head(KERNEL), wire::encode(udf.kernel())].concat()
}

/// The bytes of the function that deals rows out.
pub(crate) fn of_deal(deal: &Deal) -> Vec<u8> {
    let mut out = head(DEAL);
    put_count(&mut out, deal.partitions());
    out
}

/// The bytes of a template that is called by this name.
pub(crate) fn of_template(template: &Template, name: &str) -> Vec<u8> {
    let source = template.source();
    let mut out = head(TEMPLATE);
    for text in [name, &template.name, &source.name, &source.text] {
        put(&mut out, text.as_bytes());
    }
    put_count(&mut out, source.kernels.len());
    for (path, kernel) in &source.kernels {
        put(&mut out, path.as_bytes());
        put(&mut out, &wire::encode(kernel));
    }
    put_count(&mut out, source.consts.len());
    for (path, constant) in &source.consts {
        put(&mut out, path.as_bytes());
        put_shape(&mut out, constant.shape());
        put_count(&mut out, constant.scalars().len());
        out.extend(constant.scalars().iter().flat_map(|scalar| scalar.bits().to_le_bytes()));
    }
    out
}

fn put_shape(out: &mut Vec<u8>, mut shape: &Shape) {
    loop {
        shape = match shape {
            Shape::Scalar(ty) => {
                let place = Type::ALL.iter().position(|of| of == ty).unwrap_or_default();
                return out.extend([SCALAR, place as u8]);
            }
            Shape::Array(inner, len) => {
                out.push(ARRAY);
                put_count(out, *len);
                inner
            }
            Shape::Slice(inner) => {
                out.push(SLICE);
                inner
            }
            Shape::Ref(inner) => {
                out.push(REF);
                inner
            }
        };
    }
}

fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    put_count(out, bytes.len());
    out.extend(bytes);
}

fn put_count(out: &mut Vec<u8>, count: usize) {
    out.extend((count as u32).to_le_bytes());
}

/// The function of bytes that begin with our magic, which has been taken off.
pub(crate) fn decode(rest: &[u8]) -> Result<Function, KernelError> {
    let mut rest = Rest(rest);
    let version = u16::from_le_bytes(rest.array()?);
    if version != VERSION {
        let detail = format!("the plan's function definition has version {version}, this build reads {VERSION}");
        return Err(KernelError::new(Code::VersionSkew, detail));
    }
    match rest.array()? {
        [KERNEL] => Ok(Function::Kernel(KernelUdf::new(wire::decode(rest.0)?))),
        [TEMPLATE] => decode_template(rest).map(Function::Template),
        [DEAL] => decode_deal(rest).map(Function::Deal),
        [kind] => Err(broken(format!("has kind {kind}, which is none"))),
    }
}

fn decode_deal(mut rest: Rest<'_>) -> Result<Deal, KernelError> {
    let partitions = rest.count()? as usize;
    match rest.0.len() {
        0 if (1..=PARTITIONS_MAX).contains(&partitions) => Ok(Deal::new(partitions)),
        0 => Err(broken(format!("deals rows out to {partitions} partitions"))),
        more => Err(broken(format!("has {more} bytes behind its end"))),
    }
}

fn decode_template(mut rest: Rest<'_>) -> Result<TemplateUdf, KernelError> {
    let (function, template) = (rest.text()?.to_string(), rest.text()?.to_string());
    let (name, text) = (rest.text()?.to_string(), rest.text()?.into());
    let mut source = TemplateSource { name, text, kernels: Vec::new(), consts: Vec::new() };
    for _ in 0..rest.count()? {
        let path = rest.text()?.to_string();
        source.kernels.push((path, wire::decode(rest.bytes()?)?));
    }
    for _ in 0..rest.count()? {
        let path = rest.text()?.to_string();
        let (shape, ty) = rest.shape(SHAPE_DEPTH_MAX)?;
        let count = rest.count()? as usize;
        let words = rest.take(count.checked_mul(8).ok_or_else(ends)?)?.as_chunks().0;
        let scalars = words.iter().map(|word| Scalar::from_bits(ty, u64::from_le_bytes(*word) & ty.mask())).collect();
        let value = ConstantValue::new(shape, scalars);
        source.consts.push((path, value.ok_or_else(|| broken("has a constant of another size".into()))?));
    }
    if !rest.0.is_empty() {
        return Err(broken(format!("has {} bytes behind its end", rest.0.len())));
    }
    let template =
        Template::compile(&template, source).map_err(|findings| broken(format!("is no template: {findings}")))?;
    Ok(TemplateUdf::named(template, &function))
}

fn broken(what: String) -> KernelError {
    KernelError::new(Code::Decode, format!("the plan's function definition {what}"))
}

fn ends() -> KernelError {
    broken("ends too early".into())
}

/// Bytes that have not been read.
struct Rest<'b>(&'b [u8]);

impl<'b> Rest<'b> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], KernelError> {
        let (array, rest) = self.0.split_first_chunk().ok_or_else(ends)?;
        self.0 = rest;
        Ok(*array)
    }

    fn count(&mut self) -> Result<u32, KernelError> {
        self.array().map(u32::from_le_bytes)
    }

    fn bytes(&mut self) -> Result<&'b [u8], KernelError> {
        let len = self.count()? as usize;
        self.take(len)
    }

    fn take(&mut self, len: usize) -> Result<&'b [u8], KernelError> {
        let (bytes, rest) = self.0.split_at_checked(len).ok_or_else(ends)?;
        self.0 = rest;
        Ok(bytes)
    }

    /// The shape of a constant, and the type of its scalars.
    fn shape(&mut self, depth: usize) -> Result<(Shape, Type), KernelError> {
        let [tag] = self.array()?;
        if tag == SCALAR {
            let [place] = self.array()?;
            let ty =
                Type::ALL.get(usize::from(place)).ok_or_else(|| broken(format!("has a constant of type {place}")))?;
            return Ok((Shape::Scalar(*ty), *ty));
        }
        let wrap: Box<dyn Fn(Box<Shape>) -> Shape> = match tag {
            ARRAY => {
                let len = self.count()? as usize;
                Box::new(move |inner| Shape::Array(inner, len))
            }
            SLICE => Box::new(Shape::Slice),
            REF => Box::new(Shape::Ref),
            _ => return Err(broken(format!("has a constant of shape {tag}"))),
        };
        let depth = depth.checked_sub(1).ok_or_else(|| broken("has a constant nested too deep".into()))?;
        let (inner, ty) = self.shape(depth)?;
        Ok((wrap(Box::new(inner)), ty))
    }

    fn text(&mut self) -> Result<&'b str, KernelError> {
        std::str::from_utf8(self.bytes()?).map_err(|_| broken("has a text that is not UTF-8".into()))
    }
}
