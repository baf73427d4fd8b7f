// ChildProcess
