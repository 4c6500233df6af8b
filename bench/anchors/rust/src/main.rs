// The Order in Rust, with serde_avro_fast and apache-avro. See doc.go for what this program reads and writes.

use std::collections::HashMap;
use std::hint::black_box;
use std::io::{self, BufRead, Write};

use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::writer::datum::GenericDatumWriter;
use serde::{Deserialize, Serialize};
use serde_avro_fast::ser::SerializerConfig;

#[derive(Serialize, Deserialize)]
struct Order {
    id: String,
    customer_id: i64,
    placed_at: i64,
    status: Status,
    total: f64,
    currency: String,
    note: Option<String>,
    lines: Vec<Line>,
    tags: HashMap<String, String>,
    express: bool,
}

#[derive(Serialize, Deserialize)]
struct Line {
    sku: String,
    qty: i32,
    price: f64,
}

#[derive(Serialize, Deserialize, Clone, Copy)]
#[serde(rename_all = "UPPERCASE")]
enum Status {
    New,
    Paid,
    Shipped,
    Cancelled,
}

// The same with text that is the datum's.
#[derive(Serialize, Deserialize)]
struct Borrowed<'a> {
    id: &'a str,
    customer_id: i64,
    placed_at: i64,
    status: Status,
    total: f64,
    currency: &'a str,
    note: Option<&'a str>,
    #[serde(borrow)]
    lines: Vec<BorrowedLine<'a>>,
    tags: HashMap<&'a str, &'a str>,
    express: bool,
}

#[derive(Serialize, Deserialize)]
struct BorrowedLine<'a> {
    sku: &'a str,
    qty: i32,
    price: f64,
}

// A row does its operation once. Asked for it, it returns what it encoded, or what it decoded, encoded again.
struct Row<'a> {
    op: &'static str,
    library: &'static str,
    run: Box<dyn FnMut(bool) -> Vec<u8> + 'a>,
}

fn cpu() -> i64 {
    let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut t) };
    t.tv_sec as i64 * 1_000_000_000 + t.tv_nsec as i64
}

fn main() {
    let mut args = std::env::args().skip(1);
    let text = std::fs::read_to_string(args.next().expect("a schema")).unwrap();
    let datum = std::fs::read(args.next().expect("a datum")).unwrap();

    let fast: serde_avro_fast::Schema = text.parse().unwrap();
    let order: Order = serde_avro_fast::from_datum_slice(&datum, &fast).unwrap();
    let encode = |o: &dyn Fn(&mut SerializerConfig) -> Vec<u8>| o(&mut SerializerConfig::new(&fast));
    let schema = apache_avro::Schema::parse_str(&text).unwrap();
    let writer = GenericDatumWriter::builder(&schema).build().unwrap();
    let reader = GenericDatumReader::builder(&schema).build().unwrap();

    let mut reused = Vec::with_capacity(512);
    let mut config = SerializerConfig::new(&fast);
    let mut other_config = SerializerConfig::new(&fast);
    let mut other_reused = Vec::with_capacity(512);
    let kept = |keep: bool, out: &[u8]| if keep { out.to_vec() } else { Vec::new() };
    let mut rows = [
        Row { op: "encode", library: "serde_avro_fast", run: Box::new(|keep| {
            reused.clear();
            serde_avro_fast::to_datum(black_box(&order), &mut reused, &mut config).unwrap();
            kept(keep, &reused)
        }) },
        Row { op: "encode", library: "apache-avro", run: Box::new(|keep| {
            other_reused.clear();
            writer.write_ser(&mut other_reused, black_box(&order)).unwrap();
            kept(keep, &other_reused)
        }) },
        Row { op: "encode into a new buffer", library: "serde_avro_fast", run: Box::new(|keep| {
            let out = black_box(serde_avro_fast::to_datum_vec(black_box(&order), &mut other_config).unwrap());
            if keep { out } else { Vec::new() }
        }) },
        Row { op: "encode into a new buffer", library: "apache-avro", run: Box::new(|keep| {
            let out = black_box(writer.write_ser_to_vec(black_box(&order)).unwrap());
            if keep { out } else { Vec::new() }
        }) },
        Row { op: "decode", library: "serde_avro_fast", run: Box::new(|keep| {
            let v: Order = black_box(serde_avro_fast::from_datum_slice(black_box(&datum), &fast).unwrap());
            if keep { encode(&|c| serde_avro_fast::to_datum_vec(&v, c).unwrap()) } else { Vec::new() }
        }) },
        Row { op: "decode", library: "serde_avro_fast, text of the datum", run: Box::new(|keep| {
            let v: Borrowed = black_box(serde_avro_fast::from_datum_slice(black_box(&datum), &fast).unwrap());
            if keep { encode(&|c| serde_avro_fast::to_datum_vec(&v, c).unwrap()) } else { Vec::new() }
        }) },
        Row { op: "decode", library: "apache-avro", run: Box::new(|keep| {
            let v: Order = black_box(reader.read_deser(&mut black_box(&datum[..])).unwrap());
            if keep { encode(&|c| serde_avro_fast::to_datum_vec(&v, c).unwrap()) } else { Vec::new() }
        }) },
    ];
    for row in &rows {
        println!("{}\t{}", row.op, row.library);
    }
    println!();
    for line in io::stdin().lock().lines() {
        let line = line.unwrap();
        let mut words = line.split(' ').map(|w| w.parse::<usize>().unwrap());
        let (row, runs) = (&mut rows[words.next().unwrap()], words.next().unwrap());
        if runs == 0 {
            println!("{}", (row.run)(true).iter().map(|b| format!("{b:02x}")).collect::<String>());
        } else {
            let start = cpu();
            for _ in 0..runs {
                (row.run)(false);
            }
            println!("{}", cpu() - start);
        }
        io::stdout().flush().unwrap();
    }
}
