//! An object file: the code of all kernels for all levels, what it refers to, and the functions around it.

use std::collections::BTreeMap;

use cranelift_codegen::Context;
use cranelift_codegen::ir::{AbiParam, Function, InstBuilder, Signature, UserFuncName, types};
use cranelift_codegen::isa::{self, OwnedTargetIsa};
use cranelift_codegen::settings::{self, Configurable};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use cranelift_module::{DataDescription, DataId, FuncId, Linkage, Module as _, ModuleResult, default_libcall_names};
use cranelift_object::{ObjectBuilder, ObjectModule};
use filbert_compiler::helpers::HELPERS;
use filbert_compiler::{Platform, abi};
use filbert_ir::Type;

use crate::code::{Code, code};
use crate::entry::{Choice, Parts, entry};
use crate::{AotError, Export, Module, cpu, level_number, target_symbol};

/// Makes the object for platforms of one architecture, which rise.
pub(crate) fn object(module: &Module, platforms: &[Platform]) -> Result<Vec<u8>, AotError> {
    let isa = driver_isa(platforms[0]).map_err(AotError::internal)?;
    let builder = ObjectBuilder::new(isa, module.name.as_str(), default_libcall_names());
    let mut builder = builder.map_err(AotError::internal)?;
    // So that a linker can leave out what a program does not call.
    builder.per_function_section(true).per_data_object_section(true);
    let mut writer =
        Writer { object: ObjectModule::new(builder), codes: BTreeMap::new(), constants: BTreeMap::new(), level: None };
    if matches!(platforms[0], Platform::X86_64(_)) {
        writer.level = Some(writer.define_level().map_err(AotError::internal)?);
    }
    writer.define_target(module, platforms).map_err(AotError::internal)?;
    for export in &module.exports {
        // The highest first, as the function asks.
        let codes = platforms.iter().rev().map(|&platform| code(&export.kernel, platform));
        let codes = codes.collect::<Result<Vec<_>, _>>()?;
        writer.define_kernel(export, &codes).map_err(AotError::internal)?;
    }
    writer.object.finish().emit().map_err(AotError::internal)
}

/// What the functions around kernels are made for: any CPU of the architecture.
fn driver_isa(platform: Platform) -> Result<OwnedTargetIsa, String> {
    let mut flags = settings::builder();
    for (name, value) in [
        ("opt_level", "speed"),
        ("is_pic", "true"),
        ("enable_probestack", "true"),
        ("probestack_strategy", "inline"),
        ("unwind_info", "false"),
        ("enable_verifier", if cfg!(debug_assertions) { "true" } else { "false" }),
    ] {
        flags.set(name, value).map_err(|e| e.to_string())?;
    }
    let builder = isa::lookup(platform.triple()).map_err(|e| e.to_string())?;
    builder.finish(settings::Flags::new(flags)).map_err(|e| e.to_string())
}

struct Writer {
    object: ObjectModule,
    /// Code that is in the object, by its bytes: levels often have the same.
    codes: BTreeMap<(Vec<u8>, u32), FuncId>,
    /// Constants that are in the object, likewise.
    constants: BTreeMap<(Vec<u8>, u64), DataId>,
    /// Gives the CPU's level.
    level: Option<FuncId>,
}

impl Writer {
    // --- kernels

    fn define_kernel(&mut self, export: &Export, codes: &[Code]) -> ModuleResult<()> {
        let (core, symbol) = (&export.kernel.core, &export.symbol);
        let code_signature = self.code_signature();
        let mut choices = Vec::new();
        let mut helpers = BTreeMap::new();
        for code in codes {
            let name = format!("{symbol}.{}", code.platform);
            let main = self.code(&format!("{name}.main"), &code.main, &code_signature)?;
            let scalar = self.code(&format!("{name}.scalar"), &code.scalar, &code_signature)?;
            let places: Vec<u8> =
                code.places.iter().flat_map(|&(line, column)| [line, column]).flat_map(u32::to_le_bytes).collect();
            let places = self.data(&format!("{name}.places"), places, 4)?;
            choices.push((level_number(code.platform), main, scalar, code.turn_rows, places));
            for &(index, libm) in &code.helpers {
                let mut signature = self.object.make_signature();
                signature.params.extend(HELPERS[index].params().iter().map(|&ty| AbiParam::new(float_type(ty))));
                signature.returns.push(AbiParam::new(float_type(HELPERS[index].ty)));
                helpers.insert(index, self.object.declare_function(libm, Linkage::Import, &signature)?);
            }
        }
        let mut tables = Vec::new();
        for (index, table) in core.tables.iter().enumerate() {
            tables.push(self.data(&format!("{symbol}.table{index}"), table.bytes.clone(), 8)?);
        }
        let mut signature = self.object.make_signature();
        signature.params.extend(export.shape.arguments.iter().map(|_| AbiParam::new(types::I64)));
        signature.returns.push(AbiParam::new(types::I32));
        let id = self.object.declare_function(symbol, Linkage::Export, &signature)?;
        let level = self.level;
        self.define(id, signature, |object, b| {
            let choices = choices.into_iter().map(|(level, main, scalar, turn_rows, places)| Choice {
                level,
                main: object.declare_func_in_func(main, b.func),
                scalar: object.declare_func_in_func(scalar, b.func),
                turn_rows,
                places: object.declare_data_in_func(places, b.func),
            });
            let choices = choices.collect();
            let parts = Parts {
                shape: &export.shape,
                slots: core.slots() as usize,
                columns: abi::output_columns(core).len(),
                lists: abi::lists(core).len(),
                fuel: core.signature.fuel,
                tables: tables.into_iter().map(|table| object.declare_data_in_func(table, b.func)).collect(),
                helpers: helpers
                    .into_iter()
                    .map(|(index, id)| (index, object.declare_func_in_func(id, b.func)))
                    .collect(),
                level: level.map(|id| object.declare_func_in_func(id, b.func)),
                choices,
                code: b.import_signature(code_signature),
            };
            entry(b, &parts);
        })
    }

    /// The compiler's code, as it is.
    fn code(
        &mut self,
        name: &str,
        artifact: &filbert_compiler::Artifact,
        signature: &Signature,
    ) -> ModuleResult<FuncId> {
        let key = (artifact.code.clone(), artifact.align);
        if let Some(&known) = self.codes.get(&key) {
            return Ok(known);
        }
        debug_assert_eq!(artifact.entry_offset, 0);
        let id = self.object.declare_function(name, Linkage::Local, signature)?;
        self.object.define_function_bytes(id, u64::from(artifact.align), &artifact.code, &[])?;
        self.codes.insert(key, id);
        Ok(id)
    }

    /// The signature of `abi::Entry`.
    fn code_signature(&self) -> Signature {
        let mut signature = self.object.make_signature();
        signature.params.push(AbiParam::new(types::I64));
        signature.returns.push(AbiParam::new(types::I32));
        signature
    }

    // --- the CPU

    /// The function that gives the level of an x86-64 CPU.
    fn define_level(&mut self) -> ModuleResult<FuncId> {
        let convention = self.object.make_signature().call_conv;
        let mut stub = |name: &str, signature: &Signature, bytes: Result<Vec<u8>, iced_x86::IcedError>| {
            let bytes = bytes.expect("these instructions can be encoded");
            let id = self.object.declare_function(name, Linkage::Local, signature)?;
            self.object.define_function_bytes(id, 16, &bytes, &[])?;
            ModuleResult::Ok(id)
        };
        let signature = cpu::number_signature(convention);
        let cpuid = stub("filbert.cpuid", &cpu::cpuid_signature(convention), cpu::cpuid())?;
        let xgetbv = stub("filbert.xgetbv", &signature, cpu::xgetbv())?;
        let word = self.object.declare_data("filbert.level.word", Linkage::Local, true, false)?;
        let mut zeros = DataDescription::new();
        zeros.define_zeroinit(4);
        zeros.set_align(4);
        self.object.define_data(word, &zeros)?;
        let id = self.object.declare_function("filbert.level", Linkage::Local, &signature)?;
        self.define(id, signature, |object, b| {
            let word = object.declare_data_in_func(word, b.func);
            let parts = cpu::Parts {
                cpuid: object.declare_func_in_func(cpuid, b.func),
                xgetbv: object.declare_func_in_func(xgetbv, b.func),
                word: b.ins().symbol_value(types::I64, word),
            };
            cpu::level(b, &parts);
        })?;
        Ok(id)
    }

    /// The function that names the level in use.
    fn define_target(&mut self, module: &Module, platforms: &[Platform]) -> ModuleResult<()> {
        let mut signature = self.object.make_signature();
        signature.returns.push(AbiParam::new(types::I64));
        let symbol = target_symbol(&module.name);
        let mut names = Vec::new();
        for platform in platforms.iter().rev() {
            let text = format!("{platform}\0").into_bytes();
            names.push((level_number(*platform), self.data(&format!("{symbol}.{platform}"), text, 1)?));
        }
        let id = self.object.declare_function(&symbol, Linkage::Export, &signature)?;
        let level = self.level;
        self.define(id, signature, |object, b| {
            let level = level.map(|id| {
                let function = object.declare_func_in_func(id, b.func);
                let call = b.ins().call(function, &[]);
                b.inst_results(call)[0]
            });
            let mut name = b.ins().iconst(types::I64, 0);
            for (number, data) in names.into_iter().rev() {
                let data = object.declare_data_in_func(data, b.func);
                let this = b.ins().symbol_value(types::I64, data);
                name = match level {
                    Some(level) => {
                        let wanted = b.ins().iconst(types::I32, number);
                        let condition = cranelift_codegen::ir::condcodes::IntCC::SignedGreaterThanOrEqual;
                        let has = b.ins().icmp(condition, level, wanted);
                        b.ins().select(has, this, name)
                    }
                    None => this,
                };
            }
            b.ins().return_(&[name]);
        })
    }

    // --- parts

    /// Constants.
    fn data(&mut self, name: &str, bytes: Vec<u8>, align: u64) -> ModuleResult<DataId> {
        if let Some(&known) = self.constants.get(&(bytes.clone(), align)) {
            return Ok(known);
        }
        let id = self.object.declare_data(name, Linkage::Local, false, false)?;
        let mut data = DataDescription::new();
        data.define(bytes.clone().into_boxed_slice());
        data.set_align(align);
        self.object.define_data(id, &data)?;
        self.constants.insert((bytes, align), id);
        Ok(id)
    }

    /// A function that Cranelift makes; `fill` begins in its first block.
    fn define(
        &mut self,
        id: FuncId,
        signature: Signature,
        fill: impl FnOnce(&mut ObjectModule, &mut FunctionBuilder<'_>),
    ) -> ModuleResult<()> {
        let name = UserFuncName::user(0, id.as_u32());
        let mut context = Context::for_function(Function::with_name_signature(name, signature));
        let mut builder_context = FunctionBuilderContext::new();
        let mut b = FunctionBuilder::new(&mut context.func, &mut builder_context);
        let first = b.create_block();
        b.append_block_params_for_function_params(first);
        b.switch_to_block(first);
        fill(&mut self.object, &mut b);
        b.seal_all_blocks();
        b.finalize(self.object.isa().frontend_config());
        self.object.define_function(id, &mut context)
    }
}

/// The type of a helper's operand.
fn float_type(ty: Type) -> cranelift_codegen::ir::Type {
    match ty {
        Type::F32 => types::F32,
        Type::F64 => types::F64,
        _ => types::I32,
    }
}
