//! WebAssembly modules as the build changes them: what walrus leaves to its users.

use std::collections::HashMap;

use walrus::ir::{Value, Visitor, dfs_in_order};
use walrus::{
    ConstExpr, DataKind, ElementItems, ElementKind, FunctionId, LocalFunction, Module,
    ModuleConfig, TableId,
};

/// Whom a function calls, by index.
pub(crate) fn calls(function: &LocalFunction) -> Vec<usize> {
    let mut calls = Calls(Vec::new());
    dfs_in_order(&mut calls, function, function.entry_block());
    calls.0
}

struct Calls(Vec<usize>);

impl<'instr> Visitor<'instr> for Calls {
    fn visit_function_id(&mut self, function: &FunctionId) {
        self.0.push(function.index());
    }
}

/// An error that says what was being done.
pub(crate) fn wrong(error: impl std::fmt::Display) -> String {
    format!("the module cannot be taken apart: {error}")
}

/// A module, which is written without what only tools read.
pub(crate) fn parse(wasm: &[u8]) -> Result<Module, String> {
    let mut config = ModuleConfig::new();
    config.generate_name_section(false);
    config.generate_producers_section(false);
    let mut module = config.parse(wasm).map_err(wrong)?;
    for id in ids(module.customs.iter().map(|(id, _)| id)) {
        module.customs.delete(id);
    }
    Ok(module)
}

/// A list of what is found, so that the module can be changed while it is gone through.
pub(crate) fn ids<T>(found: impl Iterator<Item = T>) -> Vec<T> {
    found.collect()
}

/// A module's functions by their index, which is the same each time it is parsed.
pub(crate) fn functions(module: &Module) -> HashMap<usize, FunctionId> {
    let ids = module.funcs.iter().map(walrus::Function::id);
    ids.map(|id| (id.index(), id)).collect()
}

/// The table that indirect calls go through.
pub(crate) fn function_table(module: &Module) -> Result<TableId, String> {
    let table = module.tables.main_function_table().map_err(wrong)?;
    table.ok_or_else(|| wrong("it has no table of functions"))
}

/// The address of a segment of memory.
pub(crate) fn address(data: &walrus::Data) -> Option<u32> {
    match data.kind {
        DataKind::Active {
            offset: ConstExpr::Value(Value::I32(address)),
            ..
        } => Some(address as u32),
        _ => None,
    }
}

/// What stands in a table, and from which place on.
pub(crate) fn table_segments(
    module: &Module,
    table: TableId,
) -> Result<Vec<(u64, Vec<FunctionId>)>, String> {
    let mut found = Vec::new();
    for segment in &module.tables.get(table).elem_segments {
        let element = module.elements.get(*segment);
        match (&element.kind, &element.items) {
            (
                ElementKind::Active {
                    offset: ConstExpr::Value(Value::I32(offset)),
                    ..
                },
                ElementItems::Functions(functions),
            ) => found.push((u64::from(*offset as u32), functions.clone())),
            _ => return Err(wrong("its table is filled in a way that is not known here")),
        }
    }
    Ok(found)
}

/// Fills a table from a place on.
pub(crate) fn put(module: &mut Module, table: TableId, begin: u64, run: Vec<FunctionId>) {
    let offset = ConstExpr::Value(Value::I32(begin as i32));
    let kind = ElementKind::Active { table, offset };
    let element = module.elements.add(kind, ElementItems::Functions(run));
    module.tables.get_mut(table).elem_segments.insert(element);
}
