//! A connection that says exactly what it is told to, in HTTP/2 frames or less than that.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// SETTINGS with nothing in it.
pub const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];

/// SETTINGS by which nothing may be sent of any answer but its head.
pub const NO_WINDOW: &[u8] = &[0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0];

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
/// Why a stream that is one too many is reset (RFC 9113 section 7).
const REFUSED_STREAM: u32 = 7;

pub struct Raw(TcpStream);

/// What a server said of one stream, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// Headers or trailers.
    Headers,
    /// It was one stream too many.
    Refused,
    /// Anything else.
    Other,
}

impl Raw {
    pub async fn open(address: SocketAddr) -> Self {
        Self(TcpStream::connect(address).await.unwrap())
    }

    pub async fn say(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    /// Begins a call that it does not finish: headers, and the first bytes of a message that would have 100.
    pub async fn begin_call(&mut self, stream: u32, method: &str) {
        self.send(stream, method, 0, &[0, 0, 0, 0, 100, 1, 2, 3]).await;
    }

    /// Makes a call.
    pub async fn call(&mut self, stream: u32, method: &str, message: &[u8]) {
        let length = u32::try_from(message.len()).unwrap().to_be_bytes();
        self.send(stream, method, END_STREAM, &[&[0][..], &length, message].concat()).await;
    }

    async fn send(&mut self, stream: u32, method: &str, flags: u8, body: &[u8]) {
        let mut headers = vec![0x83, 0x86];
        for (name, value) in [(&[0x04][..], method), (&[0x01], "load.test"), (&[0x0f, 0x10], "application/grpc")] {
            headers.extend(name);
            headers.push(u8::try_from(value.len()).unwrap());
            headers.extend(value.as_bytes());
        }
        headers.extend(b"\x00\x02te\x08trailers");
        let mut frames = frame(HEADERS, END_HEADERS, stream, &headers);
        frames.extend(frame(DATA, flags, stream, body));
        self.say(&frames).await;
    }

    /// Reads the next frame: of which stream, and what. `None`: the server has closed the connection.
    pub async fn hear(&mut self) -> Option<(u32, Said)> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head).await.ok()?;
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await.ok()?;
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        let said = match head[3] {
            HEADERS => Said::Headers,
            RST_STREAM if body == REFUSED_STREAM.to_be_bytes() => Said::Refused,
            _ => Said::Other,
        };
        Some((stream, said))
    }

    /// Waits until the server has closed the connection.
    pub async fn closed(mut self) {
        while self.hear().await.is_some() {}
    }
}

fn frame(kind: u8, flags: u8, stream: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(body);
    frame
}
