#[test]
fn probe() {
    let p = std::env::var("P").unwrap(); let n: usize = std::env::var("N").unwrap().parse().unwrap();
    let c = std::env::var("C").unwrap_or_default();
    let a = std::env::var("A").unwrap_or("a".into());
    let t = format!("fn f(a: f64, b: bool, n: i32) -> f64 {{ {}{a}{} }}", p.repeat(n), c.repeat(n));
    let r = filbert_syntax::parse(&t, "x");
    println!("{:?}", r.is_ok());
}
