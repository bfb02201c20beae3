//! Stands in for a chip: a clock and a network interface behind volatile
//! registers that no silicon has. They cost next to nothing, so that the
//! linked image weighs the client and the network stack, and the compiler
//! cannot conclude that no packet ever comes.

use core::cell::RefCell;
use core::task::{Context, Waker};

use critical_section::Mutex;
use embassy_net_driver::{
    Capabilities, Driver, HardwareAddress, LinkState, RxToken, TxToken,
};
use embassy_time_queue_utils::Queue;

const REGISTERS: *mut u32 = 0x4000_0000 as *mut u32;

fn read(register: usize) -> u32 {
    // SAFETY: never run; on the board that would run it this is device memory.
    unsafe { REGISTERS.add(register).read_volatile() }
}

fn write(register: usize, value: u32) {
    // SAFETY: as above.
    unsafe { REGISTERS.add(register).write_volatile(value) }
}

/// The embassy-time driver.
struct Clock {
    queue: Mutex<RefCell<Queue>>,
}

embassy_time_driver::time_driver_impl!(static CLOCK: Clock = Clock {
    queue: Mutex::new(RefCell::new(Queue::new())),
});

impl embassy_time_driver::Driver for Clock {
    fn now(&self) -> u64 {
        u64::from(read(0)) << 32 | u64::from(read(1))
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        critical_section::with(|token| {
            let mut queue = self.queue.borrow_ref_mut(token);
            if queue.schedule_wake(at, waker) {
                write(2, queue.next_expiration(self.now()) as u32);
            }
        });
    }
}

/// A word of entropy, as a hardware generator would give it.
pub fn random_word() -> u32 {
    read(3)
}

/// The hardware generator.
pub struct Entropy;

impl rand_core::RngCore for Entropy {
    fn next_u32(&mut self) -> u32 {
        random_word()
    }

    fn next_u64(&mut self) -> u64 {
        rand_core::impls::next_u64_via_u32(self)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        rand_core::impls::fill_bytes_via_next(self, bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl rand_core::CryptoRng for Entropy {}

/// Seconds since 1970, as a real-time clock would give them.
pub fn unix_seconds() -> Option<u64> {
    Some(u64::from(read(4)))
}

/// The network interface.
pub struct Nic {
    frame: [u8; 1514],
}

impl Nic {
    pub const fn new() -> Self {
        Self { frame: [0; 1514] }
    }
}

pub struct Received<'a>(&'a mut [u8]);
pub struct Sending<'a>(&'a mut [u8]);

impl RxToken for Received<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, f: F) -> R {
        for (i, byte) in self.0.iter_mut().enumerate() {
            *byte = read(16 + i) as u8;
        }
        f(self.0)
    }
}

impl TxToken for Sending<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        let frame = &mut self.0[..len];
        let result = f(frame);
        frame.iter().for_each(|byte| write(8, u32::from(*byte)));
        result
    }
}

impl Driver for Nic {
    type RxToken<'a> = Received<'a>;
    type TxToken<'a> = Sending<'a>;

    fn receive(&mut self, cx: &mut Context<'_>) -> Option<(Received<'_>, Sending<'_>)> {
        cx.waker().wake_by_ref();
        let len = (read(5) as usize).min(757);
        let (rx, tx) = self.frame.split_at_mut(757);
        (len > 0).then(|| (Received(&mut rx[..len]), Sending(tx)))
    }

    fn transmit(&mut self, _cx: &mut Context<'_>) -> Option<Sending<'_>> {
        (read(6) != 0).then_some(Sending(&mut self.frame))
    }

    fn link_state(&mut self, _cx: &mut Context<'_>) -> LinkState {
        if read(7) != 0 { LinkState::Up } else { LinkState::Down }
    }

    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.max_transmission_unit = 1514;
        capabilities
    }

    fn hardware_address(&self) -> HardwareAddress {
        HardwareAddress::Ethernet([2, 0, 0, 0, 0, 1])
    }
}
