//! Each thing that may go wrong between a device and a node is a difference.

use super::*;

fn digest(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}

fn answered(text: &str) -> Fate {
    Fate::Answered(digest(text))
}

fn sent(command: usize, connection: u64, fate: Fate) -> Entry {
    Entry {
        command,
        packet: "DSPC".into(),
        name: "TIME".into(),
        params: digest(&command.to_string()),
        connection,
        id: (fate != Fate::Lost).then_some(command as u32),
        acknowledged: false,
        fate,
    }
}

fn heard(command: usize, fate: Fate) -> Heard {
    Heard {
        packet: "DSPC".into(),
        name: "TIME".into(),
        id: command as u32,
        params: digest(&command.to_string()),
        acknowledged: false,
        fate,
    }
}

fn book(entries: Vec<Entry>) -> Book {
    Book {
        entries,
        ..Book::default()
    }
}

/// Three commands, of which the last was asked twice: all well.
fn story() -> (Vec<Heard>, Book) {
    let mut lost = sent(2, 1, Fate::Lost);
    lost.acknowledged = true;
    let mut cut_off = heard(2, Fate::Open);
    cut_off.acknowledged = true;
    let node = vec![
        heard(0, answered("a")),
        heard(1, answered("b")),
        cut_off,
        heard(2, answered("c")),
    ];
    let device = book(vec![
        sent(0, 1, answered("a")),
        sent(1, 1, answered("b")),
        lost,
        sent(2, 2, answered("c")),
    ]);
    (node, device)
}

fn counts(comparison: &Comparison) -> Vec<(u64, u64)> {
    let rows = comparison.rows.iter();
    rows.map(|row| (row.server, row.device)).collect()
}

#[test]
fn two_books_of_the_same_story_agree() {
    let (node, device) = story();
    let comparison = compare(&node, &device, 3);
    assert!(comparison.agrees(), "{comparison}");
    assert_eq!(counts(&comparison), [(4, 4), (3, 3), (1, 1), (1, 1)]);
}

#[test]
fn what_a_cut_took_may_have_come_so_far_or_not() {
    // It never came to the node.
    let (mut node, mut device) = story();
    node.remove(2);
    device.entries[2].acknowledged = false;
    let comparison = compare(&node, &device, 3);
    assert!(comparison.agrees(), "{comparison}");
    assert_eq!(counts(&comparison), [(3, 3), (3, 3), (0, 0), (0, 0)]);

    // The node did it, and its answers were on the way.
    let (mut node, mut device) = story();
    node[2].fate = answered("lost");
    device.entries[2].acknowledged = false;
    let comparison = compare(&node, &device, 3);
    assert!(comparison.agrees(), "{comparison}");
    assert_eq!(counts(&comparison), [(4, 4), (3, 3), (0, 0), (1, 1)]);
}

#[test]
fn an_answer_that_neither_gave_nor_got_is_a_difference() {
    type Change = fn(&mut Vec<Heard>, &mut Book);
    let cases: [(Change, &str); 9] = [
        (
            |node, _| node[0].fate = answered("else"),
            "DSPC TIME: answered with",
        ),
        (
            |node, _| node[0].fate = Fate::Open,
            "not answered to the node",
        ),
        (
            |_, device| device.entries[0].fate = Fate::Open,
            "not answered to the device",
        ),
        (
            |_, device| device.entries[0].acknowledged = true,
            "acknowledged, answered",
        ),
        (
            |_, device| device.entries[0].id = Some(7),
            "never came to the node",
        ),
        (|node, _| drop(node.remove(0)), "never came to the node"),
        (
            |_, device| drop(device.entries.remove(0)),
            "that the device never sent",
        ),
        (
            |node, _| node.push(heard(0, answered("a"))),
            "that the device never sent",
        ),
        // Told to the device, and never said by the node.
        (
            |node, _| node[2].acknowledged = false,
            "acknowledged, lost to the device",
        ),
    ];
    for (change, words) in cases {
        let (mut node, mut device) = story();
        change(&mut node, &mut device);
        let comparison = compare(&node, &device, 3);
        assert!(!comparison.agrees(), "{words}");
        let told = comparison.differences.join("\n");
        assert!(told.contains(words), "{words}: {told}");
    }
}

#[test]
fn a_command_has_to_be_answered_in_the_end() {
    let (node, device) = story();
    let more = compare(&node, &device, 4);
    assert_eq!(more.differences, ["command 3 was never answered"]);

    let (mut node, mut device) = story();
    node.pop();
    device.entries.pop();
    let lost = compare(&node, &device, 3);
    assert_eq!(lost.differences, ["command 2 was never answered"]);

    let (mut node, mut device) = story();
    let failed = Fate::Failed {
        detail: "no antenna".into(),
        code: 7,
    };
    node[1].fate = failed.clone();
    device.entries[1].fate = failed;
    let comparison = compare(&node, &device, 3);
    assert_eq!(comparison.differences, ["command 1 failed: no antenna (7)"]);
    assert!(!comparison.agrees());
}
