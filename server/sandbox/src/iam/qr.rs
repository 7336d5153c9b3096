//! QR codes as PNG pictures (ISO/IEC 15948), black on white: one bit a pixel, deflated without compression.

use qrcodegen::{QrCode, QrCodeEcc};

/// Pixels of a module's side, and modules of the margin that readers need.
const SCALE: i32 = 4;
const MARGIN: i32 = 4;

/// The picture of a text; `None` when it is too long for a QR code.
pub(super) fn png(text: &str) -> Option<Vec<u8>> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let modules = code.size() + 2 * MARGIN;
    let side = u32::try_from(modules * SCALE).ok()?;
    let mut pixels = Vec::new();
    for y in 0..modules {
        let mut row = vec![0_u8]; // Not filtered.
        let (mut byte, mut bits) = (0_u8, 0);
        for pixel in 0..modules * SCALE {
            let light = !code.get_module(pixel / SCALE - MARGIN, y - MARGIN);
            byte = byte << 1 | u8::from(light);
            bits += 1;
            if bits == 8 {
                row.push(byte);
                (byte, bits) = (0, 0);
            }
        }
        if bits > 0 {
            row.push(byte << (8 - bits));
        }
        (0..SCALE).for_each(|_| pixels.extend_from_slice(&row));
    }
    let mut header = Vec::from(side.to_be_bytes());
    header.extend(side.to_be_bytes());
    // One bit a pixel, grey, and the only methods that there are.
    header.extend([1, 0, 0, 0, 0]);
    let mut png = Vec::from(*b"\x89PNG\r\n\x1a\n");
    chunk(&mut png, *b"IHDR", &header);
    chunk(&mut png, *b"IDAT", &zlib(&pixels)?);
    chunk(&mut png, *b"IEND", &[]);
    Some(png)
}

fn chunk(png: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    let length = u32::try_from(data.len()).unwrap_or_default();
    png.extend(length.to_be_bytes());
    let start = png.len();
    png.extend(kind);
    png.extend(data);
    let checked = png.get(start..).unwrap_or_default();
    let sum = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32IsoHdlc, checked);
    png.extend(u32::try_from(sum).unwrap_or_default().to_be_bytes());
}

/// A zlib stream (RFC 1950) of stored blocks (RFC 1951, section 3.2.4).
fn zlib(data: &[u8]) -> Option<Vec<u8>> {
    let mut stream = vec![0x78, 0x01];
    let mut blocks = data.chunks(usize::from(u16::MAX)).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).ok()?;
        stream.push(u8::from(blocks.peek().is_none()));
        stream.extend(length.to_le_bytes());
        stream.extend((!length).to_le_bytes());
        stream.extend(block);
    }
    let (low, high) = data.iter().fold((1_u32, 0_u32), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    stream.extend((high << 16 | low).to_be_bytes());
    Some(stream)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_picture_has_the_parts_of_a_png_with_their_sums() {
        let png = png("otpauth://totp/phone@lab?secret=GEZDGNBVGY3TQOJQ").unwrap();
        assert!(png.starts_with(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"));
        assert!(png.ends_with(b"\0\0\0\0IEND\xaeB`\x82"), "the sum of an empty end is known");
        let side = u32::from_be_bytes(png[16..20].try_into().unwrap());
        assert_eq!((side % 4, png[20..24] == png[16..20]), (0, true));
        let row = usize::try_from(side).unwrap().div_ceil(8) + 1;
        let data = u32::from_be_bytes(png[33..37].try_into().unwrap());
        assert_eq!(usize::try_from(data).unwrap(), 2 + 5 + row * usize::try_from(side).unwrap() + 4);
    }
}
