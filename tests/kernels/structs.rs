// Structs: results with named columns, and locals.

struct Polar {
    radius: f64,
    angle: f64,
}

fn polar(x: f64, y: f64) -> Polar {
    Polar { angle: y.atan2(x), radius: x.hypot(y) }
}
//~ polar(3.0, 4.0) = (5.0, 0.9272952180016122)
//~ polar(null, 4.0) = null

fn halved(x: f64, y: f64) -> Polar {
    let p = polar(x, y);
    if p.radius > 1.0 { Polar { radius: p.radius / 2.0, angle: p.angle } } else { p }
}
//~ halved(3.0, 4.0) = (2.5, 0.9272952180016122)
//~ halved(0.0, 1.0) = (1.0, 1.5707963267948966)

struct Split {
    whole: i32,
    rest: i32,
    is_exact: bool,
}

fn split(a: i32, b: i32) -> Split {
    let rest = a % b;
    Split { whole: a / b, rest, is_exact: rest == 0 }
}
//~ split(7, 2) = (3, 1, false)
//~ split(8, 2) = (4, 0, true)
//~ split(8, 0) = FB-0502
