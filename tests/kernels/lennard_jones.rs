// The Lennard-Jones potential, in reduced and in real units. Expected values: mpmath, tests/oracle/field.py.

/// Energy of a pair and the force between it, positive where it pushes apart.
#[kernel]
fn lennard_jones(distance: f64, epsilon: f64, sigma: f64) -> (f64, f64) {
    let ratio = sigma / distance;
    let six = ratio.powi(6);
    let twelve = six * six;
    (4.0 * epsilon * (twelve - six), 24.0 * epsilon * (2.0 * twelve - six) / distance)
}
//~ lennard_jones(1.5, 1.0, 1.0) ~ (-0.3203365942785747, -1.1580288310461557)
//~ lennard_jones(0.9, 1.0, 1.0) ~ (6.636118953252913, 138.65962399427673)
//~ lennard_jones(3.822, 0.997, 3.4) ~1e-11 (-0.9969227165395025, -0.02731749197354558)
//~ lennard_jones(1.0, 2.5, 1.0) = (0.0, 60.0)
//~ lennard_jones(0.0, 1.0, 1.0) = (nan, nan)
//~ lennard_jones(inf, 1.0, 1.0) = (0.0, 0.0)

/// Energy of one atom among others, given by their coordinates, within a cutoff.
#[kernel]
fn energy_at(x: f64, y: f64, z: f64, atoms: &[[f64; 3]], cutoff: f64) -> f64 {
    let mut energy = 0.0;
    for i in 0..atoms.len() {
        let dx = atoms[i][0] - x;
        let dy = atoms[i][1] - y;
        let dz = atoms[i][2] - z;
        let squared = dx * dx + dy * dy + dz * dz;
        if squared > 0.0 && squared < cutoff * cutoff {
            let six = 1.0 / (squared * squared * squared);
            energy += 4.0 * six * (six - 1.0);
        }
    }
    energy
}
//~ energy_at(0.0, 0.0, 0.0, [[1.1, 0.0, 0.0], [0.0, 1.2, 0.3], [-0.9, 0.4, 0.8]], 2.5) ~ -2.517181805768078
//~ energy_at(0.0, 0.0, 0.0, [[0.0, 0.0, 0.0], [9.0, 0.0, 0.0]], 2.5) = 0.0
//~ energy_at(0.0, 0.0, 0.0, [], 2.5) = 0.0
