import Foundation
import Worker

@main
enum Millrace {
  static func main() async {
    let runner = CommandRunner { await WorkerMain.serve(configuration: $0) }
    let process = ProcessInfo.processInfo
    exit(await runner.run(arguments: Array(process.arguments.dropFirst()), environment: process.environment))
  }
}
