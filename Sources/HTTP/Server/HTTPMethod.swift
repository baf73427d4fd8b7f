/// The request methods that routes know (RFC 9110 §9). Any other that the parser knows is `.other`, and meets a 405.
package enum HTTPMethod: String, Sendable, CaseIterable {
  case get = "GET"
  case head = "HEAD"
  case post = "POST"
  case put = "PUT"
  case patch = "PATCH"
  case delete = "DELETE"
  case options = "OPTIONS"
  case other = ""

  package init(token: String) { self = HTTPMethod(rawValue: token) ?? .other }
}
