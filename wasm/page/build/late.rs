//! A late part of a module: its functions and constants, and everything else imported
//! from the start.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use walrus::ir::Value;
use walrus::{
    ConstExpr, DataKind, FunctionBuilder, FunctionId, FunctionKind, GlobalKind, ImportedFunction,
    Module, TableId, ValType,
};

use crate::module::{address, function_table, functions, ids, parse, put, wrong};
use crate::split::{FROM_START, Whole};

/// Constants of a late part that lie closer are one segment, with what is between:
/// a segment of its own takes as many bytes.
const GAP: u32 = 8;

impl Whole<'_> {
    /// A late part.
    pub(crate) fn late(&self, part: usize) -> Result<Module, String> {
        let mut module = parse(self.wasm)?;
        let table = function_table(&module)?;
        let memory = module.get_memory_id().map_err(wrong)?;
        module.start = None;
        for export in ids(module.exports.iter().map(walrus::Export::id)) {
            module.exports.delete(export);
        }
        for element in ids(module.elements.iter().map(walrus::Element::id)) {
            module.elements.delete(element);
        }
        for data in ids(module.data.iter().map(walrus::Data::id)) {
            module.data.delete(data);
        }
        self.make_traps(&mut module);
        for id in ids(module.funcs.iter_local().map(|(id, _)| id)) {
            if self.parts.functions[id.index()] != part && !self.parts.traps[id.index()] {
                let ty = module.funcs.get(id).ty();
                let import = module.imports.add(FROM_START, &id.index().to_string(), id);
                module.funcs.get_mut(id).kind =
                    FunctionKind::Import(ImportedFunction { import, ty });
            }
        }
        let import = module.imports.add(FROM_START, "memory", memory);
        module.memories.get_mut(memory).import = Some(import);
        module.memories.get_mut(memory).data_segments.clear();
        for id in ids(module.tables.iter().map(walrus::Table::id)) {
            let import = module.imports.add(FROM_START, &id.index().to_string(), id);
            let own = module.tables.get_mut(id);
            own.import = Some(import);
            // The start's may be larger, for the places of late functions.
            own.maximum = None;
            own.elem_segments.clear();
        }
        for id in ids(module.globals.iter().map(walrus::Global::id)) {
            if matches!(module.globals.get(id).kind, GlobalKind::Local(_)) {
                let import = module.imports.add(FROM_START, &id.index().to_string(), id);
                module.globals.get_mut(id).kind = GlobalKind::Import(import);
            }
        }
        let flag_name = format!("flag {part}");
        let (flag, _) = module.add_import_global(FROM_START, &flag_name, ValType::I32, true, false);
        let mut there = FunctionBuilder::new(&mut module.types, &[], &[]);
        there.func_body().i32_const(1).global_set(flag);
        module.start = Some(there.finish(Vec::new(), &mut module.funcs));
        self.put_functions(part, &mut module, table);
        self.put_constants(part, &mut module)?;
        walrus::passes::gc::run(&mut module);
        Ok(module)
    }

    /// Puts a part's functions in their places in the table.
    fn put_functions(&self, part: usize, module: &mut Module, table: TableId) {
        let by_index: HashMap<usize, FunctionId> = functions(module);
        let own = self.slots.iter();
        let own = own.filter(|(function, _)| self.late_part(**function) == Some(part));
        let own: BTreeMap<u64, FunctionId> = own
            .map(|(function, slot)| (*slot, by_index[function]))
            .collect();
        let mut runs: Vec<(u64, Vec<FunctionId>)> = Vec::new();
        for (slot, function) in own {
            match runs.last_mut() {
                Some((begin, run)) if *begin + run.len() as u64 == slot => run.push(function),
                _ => runs.push((slot, vec![function])),
            }
        }
        for (begin, run) in runs {
            put(module, table, begin, run);
        }
    }

    /// Puts a part's constants in their places in memory.
    fn put_constants(&self, part: usize, module: &mut Module) -> Result<(), String> {
        let memory = module.get_memory_id().map_err(wrong)?;
        let mut runs: Vec<Range<u32>> = Vec::new();
        for (datum, place) in self.links.data.iter().zip(&self.parts.data) {
            if *place != Some(part) {
                continue;
            }
            match runs.last_mut() {
                Some(run) if run.end + GAP > datum.bytes.start && self.constant(run.end) => {
                    run.end = datum.bytes.end;
                }
                _ => runs.push(datum.bytes.clone()),
            }
        }
        let whole = parse(self.wasm)?;
        for run in runs {
            let segment = whole.data.iter().find_map(|data| {
                let begin = address(data)?;
                let offset = run.start.checked_sub(begin)? as usize;
                data.value.get(offset..offset + run.len())
            });
            let bytes = segment.ok_or("a constant lies in no segment")?.to_vec();
            let offset = ConstExpr::Value(Value::I32(run.start as i32));
            let data = module.data.add(DataKind::Active { memory, offset }, bytes);
            module.memories.get_mut(memory).data_segments.insert(data);
        }
        Ok(())
    }

    /// Whether what follows an address is the rest of a segment of constants.
    fn constant(&self, address: u32) -> bool {
        let data = &self.links.data;
        let behind = data.partition_point(|datum| datum.bytes.start < address);
        let segment = self
            .links
            .segments
            .iter()
            .position(|s| s.contains(&address));
        data.get(behind).is_some_and(|next| {
            next.is_constant
                && segment.is_some_and(|at| self.links.segments[at].contains(&next.bytes.start))
        })
    }
}
