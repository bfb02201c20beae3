//! How much memory a session has.

/// The sizes of a session, fixed when the program is built:
/// - `ORDERS`: how many orders the application can have at a time, each of up
///   to `ORDER_BYTES` bytes;
/// - `SENDS`: how many requests can wait for their answer, each of up to
///   `SEND_BYTES` bytes (replies about binary objects included);
/// - `MARKS`: how many orders are remembered until the server is known to have
///   read their answer; at least `ORDERS`, four times as many is comfortable.
///
/// It is a name for these numbers, not a value:
///
/// ```
/// use wigwag_codec::ngtt::ClientSession;
/// use wigwag_codec::ngtt::client::{Config, Slots};
///
/// // 2 orders of 256 bytes, 4 requests of 256 bytes, 8 remembered orders.
/// type Small = Slots<2, 256, 4, 256, 8>;
/// let session: ClientSession<Small> = ClientSession::new(Config::new());
/// # assert_eq!(session.in_use(), (0, 0, 0));
/// ```
pub enum Slots<
    const ORDERS: usize = 4,
    const ORDER_BYTES: usize = 1024,
    const SENDS: usize = 4,
    const SEND_BYTES: usize = 1024,
    const MARKS: usize = 16,
> {}

/// Any [`Slots`]: what the parts of a session are made of.
pub trait Sizes: sealed::Sealed {
    /// Most bytes of an order.
    const ORDER_BYTES: usize;
    /// Most bytes of a request.
    const SEND_BYTES: usize;
    /// The payload of an order: `[u8; ORDER_BYTES]`.
    type OrderPayload: AsRef<[u8]> + AsMut<[u8]>;
    /// The payload of a request: `[u8; SEND_BYTES]`.
    type SendPayload: AsRef<[u8]> + AsMut<[u8]>;
    /// One thing for each order: `[T; ORDERS]`.
    type PerOrder<T>: AsRef<[T]> + AsMut<[T]>;
    /// One thing for each request: `[T; SENDS]`.
    type PerSend<T>: AsRef<[T]> + AsMut<[T]>;
    /// One thing for each mark: `[T; MARKS]`.
    type PerMark<T>: AsRef<[T]> + AsMut<[T]>;

    /// A payload of zeros.
    fn order_payload() -> Self::OrderPayload;

    /// The same thing for each mark.
    fn per_mark<T: Copy>(thing: T) -> Self::PerMark<T>;
}

mod sealed {
    pub trait Sealed {}
}

impl<
    const ORDERS: usize,
    const ORDER_BYTES: usize,
    const SENDS: usize,
    const SEND_BYTES: usize,
    const MARKS: usize,
> sealed::Sealed for Slots<ORDERS, ORDER_BYTES, SENDS, SEND_BYTES, MARKS>
{
}

impl<
    const ORDERS: usize,
    const ORDER_BYTES: usize,
    const SENDS: usize,
    const SEND_BYTES: usize,
    const MARKS: usize,
> Sizes for Slots<ORDERS, ORDER_BYTES, SENDS, SEND_BYTES, MARKS>
{
    const ORDER_BYTES: usize = ORDER_BYTES;
    const SEND_BYTES: usize = SEND_BYTES;
    type OrderPayload = [u8; ORDER_BYTES];
    type SendPayload = [u8; SEND_BYTES];
    type PerOrder<T> = [T; ORDERS];
    type PerSend<T> = [T; SENDS];
    type PerMark<T> = [T; MARKS];

    fn order_payload() -> Self::OrderPayload {
        [0; ORDER_BYTES]
    }

    fn per_mark<T: Copy>(thing: T) -> Self::PerMark<T> {
        [thing; MARKS]
    }
}
