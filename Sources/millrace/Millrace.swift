@main
enum Millrace {
  static func main() {}
}
