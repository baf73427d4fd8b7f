import Foundation
import Worker

@main
enum Millrace {
  static func main() async {
    let runner = CommandRunner { _ in
      FileHandle.standardError.write(Data("millrace: this build has no worker yet\n".utf8))
      return 1
    }
    let process = ProcessInfo.processInfo
    exit(await runner.run(arguments: Array(process.arguments.dropFirst()), environment: process.environment))
  }
}
