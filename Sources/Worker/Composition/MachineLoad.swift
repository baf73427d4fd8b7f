internal import Foundation

/// How busy the machine is: 0 = idle, 1 = as many runnable processes as cores, over the last minute.
enum MachineLoad {
  static var now: Double {
    var averages = [0.0, 0.0, 0.0]
    guard getloadavg(&averages, 1) == 1 else { return 0 }
    return averages[0] / Double(max(1, ProcessInfo.processInfo.activeProcessorCount))
  }
}
