import Foundation
import FrameEncoding
import Worker

@main
enum Millrace {
  static func main() async {
    let arguments = Array(ProcessInfo.processInfo.arguments.dropFirst())
    let environment = ProcessInfo.processInfo.environment
    // A worker's helper, not for people: it is in no help text.
    if arguments == ["encoder"] { exit(EncoderProcess.run(environment: environment)) }
    let runner = CommandRunner { await WorkerMain.serve(configuration: $0) }
    exit(await runner.run(arguments: arguments, environment: environment))
  }
}
