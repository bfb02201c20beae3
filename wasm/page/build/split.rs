//! Takes a module apart: the start, which a page loads at once, and late parts, which
//! use the memory, the table and the functions of the start.
//!
//! Whatever calls a late function calls a stub in the start, which has the late
//! module loaded if it is not there, and then calls through a place in the table
//! where the late module has put the function. Where the table already had such a
//! function, the stub stands in its place until then. So a part may come at any time:
//! what needs it before waits for it, and nothing else is different.
//!
//! Constants that only late functions use come with them; see [`crate::links`].

use std::collections::{BTreeMap, BTreeSet, HashMap};

use walrus::ir::{UnaryOp, Value};
use walrus::{
    ConstExpr, ExportItem, FunctionBuilder, FunctionId, FunctionKind, ImportKind, Module, TableId,
    ValType,
};

use crate::links::Links;
use crate::module::{
    address, calls, function_table, functions, ids, parse, put, table_segments, wrong,
};
use crate::reach::{Parts, Plan, START, divide};
use crate::report::report;

/// What a module becomes.
pub(crate) struct Split {
    /// The module to begin with. Besides what it imported before, it imports
    /// `load(part: i32)` from `parts`, which has to instantiate that part before it
    /// returns.
    pub(crate) start: Vec<u8>,
    /// The others, in the order of the plan. They import what the start exports from
    /// `start`, and the rest from where the whole module did.
    pub(crate) late: Vec<Vec<u8>>,
    /// Every function with its part and its size, for who wants to know why a part
    /// is as large as it is.
    pub(crate) report: String,
}

/// Where stubs ask for a part, and for what.
const LOAD: (&str, &str) = ("parts", "load");

/// Where late parts have the start's exports from.
pub(crate) const FROM_START: &str = "start";

/// Takes a module apart that has names and was linked with the relocations `links`.
///
/// # Errors
///
/// It is not the module that was linked, or has no table of functions.
pub(crate) fn split(wasm: &[u8], links: &Links, plan: &Plan) -> Result<Split, String> {
    let whole = Whole::new(wasm, links, plan)?;
    let mut late = Vec::new();
    let mut wanted = BTreeSet::new();
    for part in 1..=plan.late.len() {
        let module = whole.late(part)?;
        wanted.extend(module.imports.iter().filter_map(of_start));
        late.push(module);
    }
    let names: HashMap<Item, String> = wanted.into_iter().zip((0..).map(short)).collect();
    Ok(Split {
        start: whole.start(&names)?,
        late: late
            .into_iter()
            .map(|module| renamed(module, &names))
            .collect(),
        report: report(wasm, links, &whole.parts, &whole.stubs)?,
    })
}

/// Something that the start exports for late parts, by its index in the whole module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Item {
    Memory,
    Table(usize),
    Global(usize),
    /// Says that a part is there.
    Flag(usize),
    Function(usize),
}

/// The whole, and where everything goes.
pub(crate) struct Whole<'a> {
    pub(crate) wasm: &'a [u8],
    pub(crate) links: &'a Links,
    pub(crate) parts: Parts,
    /// How many late parts there are.
    pub(crate) late: usize,
    /// By the functions' index: the functions that are defined in the module.
    pub(crate) is_local: Vec<bool>,
    /// The place in the table of the functions that have one.
    pub(crate) slots: BTreeMap<usize, u64>,
    /// Late functions that another part may call.
    pub(crate) stubs: BTreeSet<usize>,
}

impl<'a> Whole<'a> {
    fn new(wasm: &'a [u8], links: &'a Links, plan: &Plan) -> Result<Self, String> {
        let module = parse(wasm)?;
        let found = module.data.iter().map(|data| Some((address(data)?, data)));
        let same = found.zip(&links.segments).all(|(found, linked)| {
            found.is_some_and(|(address, data)| {
                address == linked.start && data.value.len() == linked.len()
            })
        });
        if !same || module.data.iter().count() != links.segments.len() {
            return Err("the module's memory is not what the linker wrote".into());
        }
        let parts = divide(&module, links, plan)?;
        let functions = module.funcs.iter();
        let is_local = functions.map(|function| matches!(function.kind, FunctionKind::Local(_)));
        let mut whole = Self {
            wasm,
            links,
            late: plan.late.len(),
            is_local: is_local.collect(),
            slots: BTreeMap::new(),
            stubs: BTreeSet::new(),
            parts,
        };
        let table = function_table(&module)?;
        for (begin, functions) in table_segments(&module, table)? {
            for (function, slot) in functions.iter().zip(begin..) {
                whole.slots.insert(function.index(), slot);
            }
        }
        whole.find_stubs(&module);
        let mut next = module.tables.get(table).initial;
        for function in &whole.stubs {
            whole.slots.entry(*function).or_insert_with(|| {
                next += 1;
                next - 1
            });
        }
        Ok(whole)
    }

    /// The late part that a function is defined in.
    pub(crate) fn late_part(&self, function: usize) -> Option<usize> {
        let part = self.parts.functions[function];
        (self.is_local[function] && !self.parts.traps[function] && part != START).then_some(part)
    }

    fn find_stubs(&mut self, module: &Module) {
        let mut called = Vec::new();
        for (id, local) in module.funcs.iter_local() {
            let caller = self.parts.functions[id.index()];
            called.extend(calls(local).into_iter().map(|callee| (caller, callee)));
        }
        for export in module.exports.iter() {
            if let ExportItem::Function(function) = export.item {
                called.push((START, function.index()));
            }
        }
        for (function, is_taken) in self.parts.taken.iter().enumerate() {
            if *is_taken && self.slots.contains_key(&function) {
                called.push((START, function));
            }
        }
        for (caller, callee) in called {
            if self.late_part(callee).is_some_and(|part| part != caller) {
                self.stubs.insert(callee);
            }
        }
    }

    /// Makes traps of the functions that are to be some.
    pub(crate) fn make_traps(&self, module: &mut Module) {
        for id in ids(module.funcs.iter_local().map(|(id, _)| id)) {
            if self.parts.traps[id.index()] {
                let ty = module.funcs.get(id).ty();
                let (params, results) = module.types.params_results(ty);
                let (params, results) = (params.to_vec(), results.to_vec());
                let mut builder = FunctionBuilder::new(&mut module.types, &params, &results);
                builder.func_body().unreachable();
                let args = params.iter().map(|ty| module.locals.add(*ty)).collect();
                module.funcs.get_mut(id).kind = FunctionKind::Local(builder.local_func(args));
            }
        }
    }

    /// The start.
    fn start(&self, names: &HashMap<Item, String>) -> Result<Vec<u8>, String> {
        let mut module = parse(self.wasm)?;
        let table = function_table(&module)?;
        self.make_traps(&mut module);
        let by_index = functions(&module);
        let takes_part = module.types.add(&[ValType::I32], &[]);
        let (load, _) = module.add_import_func(LOAD.0, LOAD.1, takes_part);
        let mut ensure = Vec::new();
        for part in 1..=self.late {
            let zero = ConstExpr::Value(Value::I32(0));
            let flag = module.globals.add_local(ValType::I32, true, false, zero);
            let name = names
                .get(&Item::Flag(part))
                .ok_or("a part without a flag")?;
            module.exports.add(name, flag);
            let mut builder = FunctionBuilder::new(&mut module.types, &[], &[]);
            builder
                .func_body()
                .global_get(flag)
                .unop(UnaryOp::I32Eqz)
                .if_else(
                    None,
                    |then| {
                        then.i32_const(part as i32).call(load);
                    },
                    |_| {},
                );
            ensure.push(builder.finish(Vec::new(), &mut module.funcs));
        }
        for function in &self.stubs {
            let id = by_index[function];
            let part = self.late_part(*function).ok_or("a stub of the start")?;
            let ty = module.funcs.get(id).ty();
            let (params, results) = module.types.params_results(ty);
            let (params, results) = (params.to_vec(), results.to_vec());
            let mut builder = FunctionBuilder::new(&mut module.types, &params, &results);
            let args: Vec<_> = params.iter().map(|ty| module.locals.add(*ty)).collect();
            let mut body = builder.func_body();
            body.call(ensure[part - 1]);
            for arg in &args {
                body.local_get(*arg);
            }
            body.i32_const(self.slots[function] as i32)
                .call_indirect(ty, table);
            module.funcs.get_mut(id).kind = FunctionKind::Local(builder.local_func(args));
        }
        self.fill_table(&mut module, table, &by_index)?;
        self.empty_late_constants(&mut module);
        for (item, name) in names {
            match item {
                Item::Memory => {
                    let memory = module.get_memory_id().map_err(wrong)?;
                    module.exports.add(name, memory);
                }
                Item::Table(index) => {
                    let id = module.tables.iter().nth(*index).ok_or("a table")?.id();
                    module.exports.add(name, id);
                }
                Item::Global(index) => {
                    let id = module.globals.iter().nth(*index).ok_or("a global")?.id();
                    module.exports.add(name, id);
                }
                Item::Function(index) => {
                    module.exports.add(name, by_index[index]);
                }
                Item::Flag(_) => {}
            }
        }
        walrus::passes::gc::run(&mut module);
        Ok(module.emit_wasm())
    }

    /// Gives every place of the table what stands there until late parts come.
    fn fill_table(
        &self,
        module: &mut Module,
        table: TableId,
        by_index: &HashMap<usize, FunctionId>,
    ) -> Result<(), String> {
        for element in ids(module.tables.get(table).elem_segments.iter().copied()) {
            module.elements.delete(element);
        }
        module.tables.get_mut(table).elem_segments.clear();
        // What only a late part calls is nothing before that part is there.
        let mut trap = FunctionBuilder::new(&mut module.types, &[], &[]);
        trap.func_body().unreachable();
        let trap = trap.finish(Vec::new(), &mut module.funcs);
        let mut places = BTreeMap::new();
        for (function, slot) in &self.slots {
            let is_there = self.late_part(*function).is_none() || self.stubs.contains(function);
            places.insert(*slot, if is_there { by_index[function] } else { trap });
        }
        let first = *places.keys().next().ok_or("the table is empty")?;
        let end = places.keys().next_back().map_or(first, |last| last + 1);
        let run = (first..end).map(|slot| places.get(&slot).copied().unwrap_or(trap));
        let run = run.collect();
        put(module, table, first, run);
        let own = module.tables.get_mut(table);
        own.initial = own.initial.max(end);
        own.maximum = own.maximum.map(|maximum| maximum.max(end));
        Ok(())
    }

    /// Zeros, which compress to nothing, in the place of what late parts bring and of
    /// what nothing needs.
    fn empty_late_constants(&self, module: &mut Module) {
        for id in ids(module.data.iter().map(walrus::Data::id)) {
            let data = module.data.get_mut(id);
            let Some(begin) = address(data) else { continue };
            for (datum, place) in self.links.data.iter().zip(&self.parts.data) {
                let from = datum.bytes.start.checked_sub(begin);
                if *place != Some(START)
                    && let Some(from) = from
                    && let Some(bytes) = data
                        .value
                        .get_mut(from as usize..from as usize + datum.bytes.len())
                {
                    bytes.fill(0);
                }
            }
        }
    }
}

/// What of the start a late part's import is.
fn of_start(import: &walrus::Import) -> Option<Item> {
    if import.module != FROM_START {
        return None;
    }
    Some(match import.kind {
        ImportKind::Function(id) => Item::Function(id.index()),
        ImportKind::Table(id) => Item::Table(id.index()),
        ImportKind::Memory(_) => Item::Memory,
        ImportKind::Global(id) => match import.name.strip_prefix("flag ") {
            Some(part) => Item::Flag(part.parse().ok()?),
            None => Item::Global(id.index()),
        },
        ImportKind::Tag(_) => return None,
    })
}

/// A late part whose imports have the names under which the start exports them.
fn renamed(mut module: Module, names: &HashMap<Item, String>) -> Vec<u8> {
    for import in module.imports.iter_mut() {
        if let Some(name) = of_start(import).and_then(|item| names.get(&item)) {
            import.name.clone_from(name);
        }
    }
    module.emit_wasm()
}

/// Names of one to three characters that no export of a program has: they begin with
/// a digit.
fn short(mut number: usize) -> String {
    const DIGITS: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
    let mut name = vec![DIGITS[number % 10]];
    number /= 10;
    while number > 0 {
        name.push(DIGITS[number % 32]);
        number /= 32;
    }
    name.iter().map(|byte| char::from(*byte)).collect()
}
