//! A LAN9118 in software, written from the data sheet with its numbers and not
//! with the driver's constants.
//!
//! Stricter than a chip: it panics when a register is read sooner after a write
//! than the data sheet allows, when one is touched before the chip is ready,
//! and when it is accessed so often that somebody must be waiting without an
//! end.

mod fifos;
mod phy;

use std::cell::RefCell;

use lan9118::Registers;
use lan9118::registers::Register;

pub(crate) use fifos::{RECEIVE_STATUSES, frame};

use fifos::Fifos;
use phy::Phy;

/// Never: a busy bit that stays.
pub(crate) const NEVER: u32 = u32::MAX;

/// When a frame comes in while the driver is at work.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Moment {
    /// Right after the driver has seen that no frame is waiting.
    SeenEmpty,
    /// Right after it has acknowledged RSFL_INT.
    Acknowledged,
    /// Right after it has enabled RSFL_INT.
    Listening,
}

pub(crate) struct State {
    // What a test sets.
    pub(crate) byte_test: u32,
    pub(crate) id_rev: u32,
    /// RSFL_INT, TDFA_INT and PHY_INT stay while their cause stays. Otherwise
    /// they tell of the moment, as in QEMU.
    pub(crate) levels: bool,
    /// The bus is cut: all reads give this.
    pub(crate) dead: Option<u32>,
    pub(crate) asleep: bool,
    /// How many looks a busy bit stays.
    pub(crate) reset_looks: u32,
    pub(crate) eeprom_looks: u32,
    pub(crate) mac_looks: u32,
    pub(crate) mii_looks: u32,
    pub(crate) arriving: Option<(Moment, Vec<u8>)>,
    /// The network takes all frames right after the driver has seen that there
    /// is no room.
    pub(crate) freed_when_seen: bool,
    pub(crate) fifos: Fifos,
    pub(crate) phy: Phy,
    // What a test looks at.
    pub(crate) irq_cfg: u32,
    pub(crate) int_sts: u32,
    pub(crate) int_en: u32,
    pub(crate) hw_cfg: u32,
    pub(crate) gpt_cfg: u32,
    pub(crate) mac: [u32; 13],
    pub(crate) accesses: u32,
    // What goes on inside.
    reset_left: u32,
    eeprom_left: u32,
    mac_left: u32,
    mii_left: u32,
    mac_data: u32,
    /// Reads of BYTE_TEST since the last write, and since the last read of a
    /// FIFO: receiving, transmitting; and of RX_DROP.
    since_write: u32,
    since_receive: u32,
    since_transmit: u32,
    since_drop: u32,
}

pub(crate) struct Simulated(RefCell<State>);

impl Simulated {
    /// A healthy chip whose EEPROM holds 02:00:00:00:00:01, with a link.
    pub(crate) fn new() -> Self {
        let mut mac = [0; 13];
        mac[2] = 0x0100;
        mac[3] = 0x0000_0002;
        Self(RefCell::new(State {
            byte_test: 0x8765_4321,
            id_rev: 0x0118_0001,
            levels: false,
            dead: None,
            asleep: false,
            reset_looks: 2,
            eeprom_looks: 2,
            mac_looks: 1,
            mii_looks: 3,
            arriving: None,
            freed_when_seen: false,
            fifos: Fifos::new(),
            phy: Phy::new(),
            irq_cfg: 0,
            int_sts: 0,
            int_en: 0,
            hw_cfg: 0,
            gpt_cfg: 0xFFFF,
            mac,
            accesses: 0,
            reset_left: 0,
            eeprom_left: 0,
            mac_left: 0,
            mii_left: 0,
            mac_data: 0,
            since_write: 100,
            since_receive: 100,
            since_transmit: 100,
            since_drop: 100,
        }))
    }

    /// Sets or looks at anything.
    pub(crate) fn with<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        f(&mut self.0.borrow_mut())
    }

    /// A frame arrives from the network, undamaged.
    pub(crate) fn arrive(&self, frame: &[u8]) {
        self.with(|state| state.arrive(frame, 0));
    }

    /// Whether the interrupt line is active.
    pub(crate) fn line(&self) -> bool {
        self.with(|state| {
            state.raise_levels();
            state.irq_cfg & 0x100 != 0 && state.int_sts & state.int_en != 0
        })
    }

    /// The link is lost or comes up.
    pub(crate) fn link(&self, up: bool) {
        self.with(|state| {
            state.phy.set_link(up);
            state.phy_interrupt();
        });
    }

    /// The general purpose timer runs out, if it runs.
    pub(crate) fn timer(&self) -> bool {
        self.with(|state| {
            let runs = state.gpt_cfg & 1 << 29 != 0;
            if runs {
                state.int_sts |= 1 << 19;
            }
            runs
        })
    }

    /// MAC and PHY, if they stayed busy, answer again.
    pub(crate) fn recover(&self) {
        self.with(|state| {
            (state.mii_looks, state.mii_left) = (3, 0);
            (state.mac_looks, state.mac_left) = (1, 0);
        });
    }

    /// The network takes up to `frames` frames of those waiting to be sent.
    pub(crate) fn drain(&self, frames: usize) {
        self.with(|state| state.transmit(frames, 0));
    }
}

impl State {
    pub(crate) fn arrive(&mut self, frame: &[u8], status: u32) {
        // MAC_CR.RXEN
        if self.mac[1] & 4 != 0 {
            self.int_sts |= self.fifos.arrive(frame, status);
        }
    }

    pub(crate) fn transmit(&mut self, frames: usize, error: u32) {
        let events = self.fifos.transmit(frames, error);
        self.int_sts |= events;
    }

    fn arrive_at(&mut self, moment: Moment) {
        if self.arriving.as_ref().is_some_and(|(at, _)| *at == moment) {
            let (_, frame) = self.arriving.take().unwrap();
            self.arrive(&frame, 0);
        }
    }

    fn phy_interrupt(&mut self) {
        if self.phy.interrupt() {
            self.int_sts |= 1 << 18;
        } else {
            self.int_sts &= !(1 << 18);
        }
    }

    fn raise_levels(&mut self) {
        if self.levels {
            self.int_sts |= self.fifos.levels();
            if self.phy.interrupt() {
                self.int_sts |= 1 << 18;
            }
        }
    }

    /// One access more; false if nobody is there.
    fn accessed(&mut self) -> bool {
        self.accesses += 1;
        assert!(self.accesses < 20_000_000, "somebody waits without an end");
        self.dead.is_none()
    }

    /// The data sheet's tables 6.1 and 6.2, in reads of BYTE_TEST.
    fn check_timing(&self, offset: usize) {
        let after_write = match offset {
            0x54 | 0x80 | 0x90 => 3,
            0x58 => 2,
            0x84 => 7,
            0x9C => 4,
            0x00..0x50 | 0x50 | 0x64 | 0x7C | 0xA0 => 0,
            _ => 1,
        };
        assert!(
            self.since_write >= after_write,
            "{offset:#x} read too soon after a write"
        );
        let (since, needed) = match offset {
            0x7C => (self.since_receive, 3),
            0x80 => (self.since_transmit, 3),
            0xA0 => (self.since_drop, 4),
            _ => (0, 0),
        };
        assert!(
            since >= needed,
            "{offset:#x} read too soon after what changes it"
        );
    }

    fn read(&mut self, offset: usize) -> u32 {
        if !self.accessed() {
            return self.dead.unwrap();
        }
        if offset == 0x64 {
            for since in [
                &mut self.since_write,
                &mut self.since_receive,
                &mut self.since_transmit,
                &mut self.since_drop,
            ] {
                *since += 1;
            }
            return self.byte_test;
        }
        self.check_timing(offset);
        if offset == 0x84 {
            return u32::from(!self.asleep);
        }
        assert!(!self.asleep, "{offset:#x} read before the chip is ready");
        match offset {
            0x00..0x20 => {
                self.since_receive = 0;
                let (word, events) = self.fifos.receive_word();
                self.int_sts |= events;
                word
            }
            0x40 => {
                self.since_receive = 0;
                let (status, events) = self.fifos.receive_status();
                self.int_sts |= events;
                status
            }
            0x48 => {
                self.since_transmit = 0;
                self.fifos.transmit_status()
            }
            0x50 => self.id_rev,
            0x54 => self.irq_cfg,
            0x58 => {
                self.raise_levels();
                self.int_sts
            }
            0x5C => self.int_en,
            0x6C | 0x70 => 0,
            0x74 => self.hw_cfg | u32::from(busy(&mut self.reset_left)),
            0x7C => {
                let info = self.fifos.receive_info();
                if info >> 16 == 0 {
                    self.arrive_at(Moment::SeenEmpty);
                }
                info
            }
            0x80 => {
                let info = self.fifos.transmit_info();
                if info & 0xFFFF <= 1536 && std::mem::take(&mut self.freed_when_seen) {
                    self.transmit(usize::MAX, 0);
                }
                info
            }
            0xA0 => {
                self.since_drop = 0;
                std::mem::take(&mut self.fifos.dropped)
            }
            0xA4 => u32::from(busy(&mut self.mac_left)) << 31,
            0xA8 => self.mac_data,
            0xB0 => u32::from(busy(&mut self.eeprom_left)) << 31,
            _ => panic!("read of {offset:#x}"),
        }
    }

    fn write(&mut self, offset: usize, value: u32) {
        if !self.accessed() {
            return;
        }
        if offset == 0x64 {
            self.asleep = false;
            return;
        }
        assert!(!self.asleep, "{offset:#x} written before the chip is ready");
        self.since_write = 0;
        match offset {
            0x20..0x40 => {
                self.since_transmit = 0;
                let events = self.fifos.write_word(value);
                self.int_sts |= events;
            }
            0x54 => self.irq_cfg = value,
            0x58 => {
                self.int_sts &= !value;
                if value & 8 != 0 {
                    self.arrive_at(Moment::Acknowledged);
                }
            }
            0x5C => {
                self.int_en = value;
                if value & 8 != 0 {
                    self.arrive_at(Moment::Listening);
                }
            }
            0x68 => self.fifos.level = value >> 24,
            0x6C => self
                .fifos
                .write_receive_configuration(value, self.mac[1] & 4 != 0),
            0x70 => self.int_sts |= self.fifos.write_transmit_configuration(value),
            0x74 if value & 1 != 0 => self.reset(),
            0x74 => self.hw_cfg = value,
            0x8C => self.gpt_cfg = value,
            0xA4 => self.mac_command(value),
            0xA8 => self.mac_data = value,
            _ => panic!("write of {value:#x} to {offset:#x}"),
        }
    }

    /// HW_CFG.SRST: all but the station address and the PHY.
    fn reset(&mut self) {
        self.reset_left = self.reset_looks;
        self.eeprom_left = self.eeprom_looks;
        self.fifos = Fifos::new();
        (self.irq_cfg, self.int_sts, self.int_en) = (0, 0, 0);
        self.gpt_cfg = 0xFFFF;
        // MAC_CR.PRMS
        self.mac[1] = 0x0004_0000;
        (self.mac_left, self.mii_left) = (0, 0);
    }

    fn mac_command(&mut self, value: u32) {
        assert_eq!(self.mac_left, 0, "a MAC register reached while one is busy");
        assert_ne!(value & 1 << 31, 0, "a MAC command without BUSY");
        self.mac_left = self.mac_looks;
        let number = (value & 0xFF) as usize;
        assert!((1..=12).contains(&number), "MAC register {number}");
        if value & 1 << 30 != 0 {
            self.mac_data = match number {
                6 => u32::from(busy(&mut self.mii_left)),
                _ => self.mac[number],
            };
            return;
        }
        if number == 1 && self.mac[1] & 4 != 0 && self.mac_data & 4 == 0 {
            self.int_sts |= 1 << 24;
        }
        if number == 6 || number == 7 {
            assert_eq!(self.mii_left, 0, "the PHY reached while it is busy");
        }
        self.mac[number] = self.mac_data;
        if number == 6 {
            self.mii_command(self.mac_data);
        }
    }

    fn mii_command(&mut self, value: u32) {
        assert_eq!(value & 1, 1, "an MII command without MIIBZY");
        assert_eq!(value >> 11, 1, "the internal PHY has address 1");
        self.mii_left = self.mii_looks;
        let number = (value >> 6 & 0x1F) as usize;
        if value & 2 != 0 {
            self.phy.write(number, self.mac[7] as u16);
        } else {
            self.mac[7] = self.phy.read(number).into();
        }
        self.phy_interrupt();
    }
}

/// One look at a busy bit.
fn busy(left: &mut u32) -> bool {
    let is = *left != 0;
    if is && *left != NEVER {
        *left -= 1;
    }
    is
}

impl Registers for &Simulated {
    fn read(&self, register: Register) -> u32 {
        self.0.borrow_mut().read(register.offset())
    }

    fn write(&self, register: Register, value: u32) {
        self.0.borrow_mut().write(register.offset(), value);
    }
}
