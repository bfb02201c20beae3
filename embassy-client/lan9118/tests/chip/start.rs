//! Starting the chip, also one that is not there, not well, or not awake.

use lan9118::{Config, Error, InterruptLine, Step};

use crate::bench::start;
use crate::simulated::{NEVER, Simulated, State};

const CONFIG: Config = Config::new(InterruptLine::ActiveHigh);

/// What starting a chip with this defect gives.
fn defect(set: impl FnOnce(&mut State)) -> Result<[u8; 6], Error> {
    let simulated = Simulated::new();
    simulated.with(set);
    let (result, millis) = start(&simulated, CONFIG);
    assert!(millis < 1000, "waited {millis} ms");
    result
}

#[test]
fn a_healthy_chip_is_configured_as_the_data_sheet_wants() {
    let simulated = Simulated::new();
    let (address, millis) = start(&simulated, CONFIG);
    assert_eq!(address, Ok([2, 0, 0, 0, 0, 1]));
    assert!(millis < 10, "waited {millis} ms");
    simulated.with(|chip| {
        assert_eq!(
            chip.hw_cfg,
            1 << 20 | 5 << 16,
            "store and forward, 5 KiB to send"
        );
        assert_eq!(chip.irq_cfg, 0x111);
        assert_eq!(chip.int_en, 0, "nobody listens yet");
        assert_eq!(chip.fifos.level, 24);
        assert_eq!(chip.mac[1], 0x0010_000C, "full duplex, not promiscuous");
        assert_eq!(chip.mac[8], 0, "no flow control");
        assert_eq!(chip.gpt_cfg & 1 << 29, 0, "the link is up");
    });
}

#[test]
fn the_interrupt_line_is_what_the_board_says() {
    for (line, irq_cfg) in [
        (InterruptLine::ActiveHigh, 0x111),
        (InterruptLine::ActiveLow, 0x101),
        (InterruptLine::ActiveLowOpenDrain, 0x100),
    ] {
        let simulated = Simulated::new();
        start(&simulated, Config::new(line)).0.unwrap();
        assert_eq!(simulated.with(|chip| chip.irq_cfg), irq_cfg);
    }
}

#[test]
fn multicast_is_received_on_demand() {
    let simulated = Simulated::new();
    start(&simulated, CONFIG.with_all_multicast()).0.unwrap();
    assert_eq!(simulated.with(|chip| chip.mac[1]), 0x0018_000C);
}

#[test]
fn the_address_comes_from_the_configuration_or_the_eeprom() {
    let simulated = Simulated::new();
    let config = CONFIG.with_address([0x02, 0x11, 0x22, 0x33, 0x44, 0x55]);
    let (address, _) = start(&simulated, config);
    assert_eq!(address, Ok([0x02, 0x11, 0x22, 0x33, 0x44, 0x55]));
    simulated.with(|chip| assert_eq!(chip.mac[2..4], [0x5544, 0x3322_1102]));
    // The chip keeps it over the reset of the next start.
    assert_eq!(start(&simulated, CONFIG).0, address);
}

#[test]
fn an_address_that_is_no_stations_is_refused() {
    for address in [[0; 6], [0xFF; 6], [1, 0, 0x5E, 0, 0, 1]] {
        let simulated = Simulated::new();
        let (result, _) = start(&simulated, CONFIG.with_address(address));
        assert_eq!(result, Err(Error::Address(address)));
    }
    let empty = defect(|chip| (chip.mac[2], chip.mac[3]) = (0xFFFF, 0xFFFF_FFFF));
    assert_eq!(empty, Err(Error::Address([0xFF; 6])));
    assert_eq!(
        Error::Address([0xFF; 6]).to_string(),
        "not the address of a station: ff:ff:ff:ff:ff:ff; give one in Config::address"
    );
}

#[test]
fn a_bus_without_a_chip_is_told_from_a_wrong_byte_order() {
    for byte_test in [0, u32::MAX, 0x8765_0000, 0x0000_4321] {
        let result = defect(|chip| chip.dead = Some(byte_test));
        assert_eq!(result, Err(Error::NoChip { byte_test }));
    }
    for byte_test in [0x2143_6587, 0x4321_8765, 0x6587_2143] {
        let result = defect(|chip| chip.byte_test = byte_test);
        assert_eq!(result, Err(Error::ByteOrder { byte_test }));
    }
}

#[test]
fn the_family_is_known_and_others_are_refused() {
    for id in [
        0x0115, 0x0116, 0x0117, 0x0118, 0x115A, 0x116A, 0x117A, 0x118A, 0x9210, 0x9211, 0x9220,
        0x9221,
    ] {
        assert!(defect(|chip| chip.id_rev = id << 16 | 3).is_ok(), "{id:#x}");
    }
    let id_rev = 0x9311_0001;
    assert_eq!(
        defect(|chip| chip.id_rev = id_rev),
        Err(Error::UnknownChip { id_rev })
    );
}

#[test]
fn every_wait_has_an_end_and_its_name() {
    type Defect = fn(&mut State);
    let defects: [(Defect, Step); 5] = [
        (|chip| chip.reset_looks = NEVER, Step::SoftReset),
        (|chip| chip.eeprom_looks = NEVER, Step::Eeprom),
        (|chip| chip.mac_looks = NEVER, Step::MacCsr),
        (|chip| chip.mii_looks = NEVER, Step::Mii),
        (|chip| chip.phy.reset_looks = NEVER, Step::PhyReset),
    ];
    for (set, step) in defects {
        let error = defect(set).unwrap_err();
        assert_eq!(error, Error::Timeout(step));
        assert!(error.to_string().contains(" stayed "), "{error}");
    }
}

#[test]
fn a_slow_chip_is_waited_for() {
    let started = defect(|chip| {
        (chip.reset_looks, chip.eeprom_looks) = (50, 500);
        (chip.mac_looks, chip.mii_looks) = (20, 100);
        chip.phy.reset_looks = 400;
    });
    assert_eq!(started, Ok([2, 0, 0, 0, 0, 1]));
}

#[test]
fn a_sleeping_chip_is_woken_first() {
    assert_eq!(defect(|chip| chip.asleep = true), Ok([2, 0, 0, 0, 0, 1]));
}

#[test]
fn a_start_that_failed_can_be_tried_again() {
    let simulated = Simulated::new();
    simulated.with(|chip| chip.phy.reset_looks = NEVER);
    start(&simulated, CONFIG).0.unwrap_err();
    simulated.with(|chip| chip.phy.reset_looks = 1);
    start(&simulated, CONFIG).0.unwrap();
}
