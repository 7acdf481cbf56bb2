fn main() {
    use chainrule_bench::{workload::*, workloads::visit, record::Recording};
    for id in Id::ALL {
        let mut calls = visit(id, Recording);
        let c = check(id, &mut *calls).unwrap();
        print!("{id} {c:?} {:.2e}", c.distance(id.expected()));
        let mut best = f64::MAX;
        for _ in 0..20 { let t = std::time::Instant::now(); calls.call().unwrap(); best = best.min(t.elapsed().as_secs_f64()); }
        println!("  {:.4} {}", best * id.unit().per_second, id.unit().name);
    }
}
