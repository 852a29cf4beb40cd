//! Runs BPF programs on frames that a snap length cut: libpcap's binding takes the captured length for that on the wire.

use pcap::BpfProgram;

/// Steps of one run. Programs jump forward only, but for loops over IPv6 header chains, which the packet bounds.
const MOST_STEPS: usize = 1 << 16;
/// Words of scratch memory.
const SCRATCH: usize = 16;

/// One instruction.
///
/// # Wire
///
/// [spec] bpf(4): operation, jumps when true and when false, operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Instruction {
    code: u16,
    if_true: u8,
    if_false: u8,
    k: u32,
}

/// A program that libpcap compiled.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Program(Vec<Instruction>);

impl Program {
    /// Takes over a compiled program; nothing when its instructions cannot be read, as the binding shows them as text only.
    pub(super) fn new(compiled: &BpfProgram) -> Option<Self> {
        compiled.get_instructions().iter().map(|instruction| read(&instruction.to_string())).collect::<Option<_>>().map(Self)
    }

    /// Whether it asks for the length of the packet on the wire.
    pub(super) fn asks_for_len(&self) -> bool {
        self.0.iter().any(|instruction| matches!(instruction.code, 0x80 | 0x81))
    }

    /// Whether it admits a packet of `wire_len` bytes of which `packet` was captured. A load beyond `packet` is a no.
    pub(super) fn admits(&self, packet: &[u8], wire_len: u32) -> bool {
        let mut machine = Machine { packet, wire_len, a: 0, x: 0, scratch: [0; SCRATCH] };
        let mut place = 0_usize;
        for _ in 0..MOST_STEPS {
            let Some(instruction) = self.0.get(place) else { return false };
            let next = match instruction.code & 7 {
                5 => machine.jump(*instruction),
                6 => return if instruction.code & 0x18 == 0x10 { machine.a > 0 } else { instruction.k > 0 },
                _ => machine.step(*instruction).map(|()| 0),
            };
            let Some(next) = next else { return false };
            // Jumps back are negative numbers of 32 bits.
            let Some(moved) = i64::try_from(place).ok().and_then(|place| place.checked_add(next)?.checked_add(1)) else { return false };
            place = usize::try_from(moved).unwrap_or(usize::MAX);
        }
        false
    }
}

/// Reads an instruction as the binding shows it: four numbers.
fn read(shown: &str) -> Option<Instruction> {
    let mut words = shown.split(' ');
    let (code, if_true) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    Some(Instruction { code, if_true, if_false: words.next()?.parse().ok()?, k: words.next()?.parse().ok()? })
}

/// Accumulator, index register, scratch memory, and the packet they work on.
struct Machine<'a> {
    packet: &'a [u8],
    wire_len: u32,
    a: u32,
    x: u32,
    scratch: [u32; SCRATCH],
}

impl Machine<'_> {
    /// `len` bytes of the packet as a number; nothing when they are not all there.
    fn load(&self, offset: Option<u32>, len: usize) -> Option<u32> {
        let start = usize::try_from(offset?).ok()?;
        let bytes = self.packet.get(start..start.checked_add(len)?)?;
        Some(bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
    }

    /// A word of scratch memory.
    fn word(&mut self, k: u32) -> Option<&mut u32> {
        self.scratch.get_mut(usize::try_from(k).ok()?)
    }

    /// An instruction that neither jumps nor returns; nothing when it cannot be done.
    fn step(&mut self, instruction: Instruction) -> Option<()> {
        let k = instruction.k;
        match instruction.code {
            0x00 => self.a = k,
            0x20 => self.a = self.load(Some(k), 4)?,
            0x28 => self.a = self.load(Some(k), 2)?,
            0x30 => self.a = self.load(Some(k), 1)?,
            0x40 => self.a = self.load(self.x.checked_add(k), 4)?,
            0x48 => self.a = self.load(self.x.checked_add(k), 2)?,
            0x50 => self.a = self.load(self.x.checked_add(k), 1)?,
            0x60 => self.a = *self.word(k)?,
            0x80 => self.a = self.wire_len,
            0x01 => self.x = k,
            0x61 => self.x = *self.word(k)?,
            0x81 => self.x = self.wire_len,
            0xb1 => self.x = (self.load(Some(k), 1)? & 0xf) << 2,
            0x02 => *self.word(k)? = self.a,
            0x03 => *self.word(k)? = self.x,
            0x07 => self.x = self.a,
            0x87 => self.a = self.x,
            code if code & 7 == 4 => self.a = calculate(code & 0xf0, self.a, if code & 8 == 0 { k } else { self.x })?,
            _ => return None,
        }
        Some(())
    }

    /// How far an instruction jumps.
    fn jump(&self, instruction: Instruction) -> Option<i64> {
        let operand = if instruction.code & 8 == 0 { instruction.k } else { self.x };
        let holds = match instruction.code & 0xf0 {
            0x00 => return Some(i64::from(instruction.k.cast_signed())),
            0x10 => self.a == operand,
            0x20 => self.a > operand,
            0x30 => self.a >= operand,
            0x40 => self.a & operand != 0,
            _ => return None,
        };
        Some(i64::from(if holds { instruction.if_true } else { instruction.if_false }))
    }
}

/// Arithmetic modulo 2^32; nothing for a division by zero.
fn calculate(operation: u16, a: u32, operand: u32) -> Option<u32> {
    Some(match operation {
        0x00 => a.wrapping_add(operand),
        0x10 => a.wrapping_sub(operand),
        0x20 => a.wrapping_mul(operand),
        0x30 => a.checked_div(operand)?,
        0x40 => a | operand,
        0x50 => a & operand,
        0x60 => a.checked_shl(operand).unwrap_or(0),
        0x70 => a.checked_shr(operand).unwrap_or(0),
        0x80 => a.wrapping_neg(),
        0x90 => a.checked_rem(operand)?,
        0xa0 => a ^ operand,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use pcap::Capture;
    use pcap::Linktype;
    use proptest::prelude::*;

    fn compiled(expression: &str) -> BpfProgram {
        Capture::dead(Linktype(1)).unwrap().compile(expression, true).unwrap()
    }

    const EXPRESSIONS: [&str; 10] = [
        "",
        "tcp port 1241 or udp port 53",
        "host 10.0.0.1 and not net 192.168.0.0/16",
        "ip6 protochain 6",
        "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0 and tcp[13] > 1",
        "ip[2:2] - ((ip[0]&0xf)<<2) - ((tcp[12]&0xf0)>>2) > 7",
        "vlan and greater 60",
        "len / 2 * 3 % 7 = 1",
        "less 70 or ether[0] & 1 = 0",
        "ip[0] / ip[1] > 2 or -ip[4] ^ 5 < 9",
    ];

    proptest! {
        #[test]
        fn whole_frames_are_admitted_as_libpcap_does(bytes in prop::collection::vec(any::<u8>(), 0..120), kind in 0..3_u8) {
            let mut bytes = bytes;
            // Mostly something that the expressions look into.
            let ethertype = if kind == 1 { [0x86, 0xdd] } else { [8, 0] };
            let version = if kind == 1 { 0x60 } else { 0x45 };
            for (place, byte) in [(12, ethertype[0]), (13, ethertype[1]), (14, version), (23, 6), (20, 0), (21, 0)] {
                if let Some(there) = bytes.get_mut(place).filter(|_| kind < 2) {
                    *there = byte;
                }
            }
            let len = u32::try_from(bytes.len()).unwrap();
            for expression in EXPRESSIONS {
                let theirs = compiled(expression);
                prop_assert_eq!(Program::new(&theirs).unwrap().admits(&bytes, len), theirs.filter(&bytes), "{}", expression);
            }
        }
    }

    #[test]
    fn lengths_are_those_on_the_wire() {
        let longer = Program::new(&compiled("greater 1000")).unwrap();
        assert!(longer.asks_for_len() && longer.admits(&[0; 96], 1500) && !longer.admits(&[0; 96], 96));
        assert!(!Program::new(&compiled("tcp")).unwrap().asks_for_len());
    }

    #[test]
    fn loops_end() {
        let back = Instruction { code: 5, if_true: 0, if_false: 0, k: u32::MAX };
        assert!(!Program(vec![back]).admits(&[], 0));
        assert!(!Program(vec![Instruction { k: u32::MAX - 1, ..back }]).admits(&[], 0));
        assert_eq!(read("6 0 0"), None);
    }
}
