pub fn calls(_: crate::workload::Id) -> Option<Box<dyn crate::workload::Calls>> { None }
pub fn product(_: usize) -> Box<dyn crate::workload::Calls> { todo!() }
