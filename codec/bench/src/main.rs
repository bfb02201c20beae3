//! Measures the codec: see README.md.

mod budget;
mod callgrind;
mod clock;
mod corpus;
mod ncplib;
mod operation;

use std::process::ExitCode;

use corpus::Corpus;
use operation::{File, Operation};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let mut corpus = Corpus::new();
    match args.as_slice() {
        [] => measure(&mut corpus),
        // As callgrind runs it.
        [name, count] => match (Operation::from_name(name), count.parse()) {
            (Some(operation), Ok(count)) => {
                operation.run(&mut corpus, count);
                ExitCode::SUCCESS
            }
            _ => ExitCode::from(2),
        },
        _ => ExitCode::from(2),
    }
}

fn measure(corpus: &mut Corpus) -> ExitCode {
    let mut met = true;
    let mut judge = |good: bool| {
        met &= good;
        if good { "" } else { "  MISSED" }
    };
    let times = Operation::ALL.map(|operation| clock::nanoseconds(operation, corpus));
    let time = |wanted| {
        let all = Operation::ALL.into_iter().zip(times);
        all.filter(|(operation, _)| *operation == wanted)
            .map(|(_, time)| time)
            .sum::<f64>()
    };

    println!(
        "{:<14} {:>10} {:>12} {:>8}",
        "", "ns", "instructions", "budget"
    );
    for (operation, time) in Operation::ALL.into_iter().zip(times) {
        let name = operation.name();
        let counted = callgrind::instructions(operation);
        let budget = budget::instructions(operation);
        let text = |number: Option<f64>| number.map_or("-".into(), |n| format!("{n:.0}"));
        let within = match (&counted, budget) {
            (Ok(counted), Some(budget)) => judge(*counted <= budget * budget::SLACK),
            _ => "",
        };
        let (counted, budget) = (text(counted.ok()), text(budget));
        println!("{name:<14} {time:>10.1} {counted:>12} {budget:>8}{within}");
    }
    if let Err(why) = callgrind::instructions(Operation::Nothing) {
        println!("no instructions: {why}");
    }

    println!("\nreading 61,440 bytes of array, as a part of memcpy's speed");
    for operation in Operation::ALL {
        if let Operation::ArrayCopy(_) = operation {
            let part = time(Operation::Memcpy) / time(operation);
            let within = judge(part >= budget::OF_MEMCPY);
            println!("{:<14} {part:>10.2}{within}", operation.name());
        }
    }

    println!("\ntimes as fast as ncplib 6.1.0");
    match ncplib::measure() {
        Err(why) => println!("not measured: {why}"),
        Ok([command, sweep]) => {
            for (operation, theirs) in [
                (Operation::Walk(File::Command), command.decode),
                (Operation::Write(File::Command), command.encode),
                (Operation::Walk(File::Sweep), sweep.decode),
                (Operation::Read, sweep.decode),
                (Operation::Write(File::Sweep), sweep.encode),
            ] {
                // On both sides of theirs: others may have had the machine.
                let again = clock::nanoseconds(operation, corpus);
                let ours = time(operation).min(again);
                let ratio = theirs / ours;
                let goal = budget::of_ncplib(operation);
                let within = judge(goal.is_none_or(|goal| ratio >= goal));
                let name = operation.name();
                println!("{name:<14} {ratio:>10.1}  ({theirs:.0} ns : {ours:.1} ns){within}");
            }
        }
    }
    println!(
        "\nbytes: command {}, sweep {}",
        corpus.wire(File::Command).len(),
        corpus.wire(File::Sweep).len()
    );
    ExitCode::from(u8::from(!met))
}
