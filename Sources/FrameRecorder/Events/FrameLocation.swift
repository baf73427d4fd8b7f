internal import JSONCoding

/// Where a frame was taken, in degrees.
package struct FrameLocation: Sendable, Equatable {
  /// −90…90
  package let latitude: Double
  /// −180…180
  package let longitude: Double

  /// Nil where a value is out of range or none.
  package init?(latitude: Double, longitude: Double) {
    guard (-90...90).contains(latitude), (-180...180).contains(longitude) else { return nil }
    (self.latitude, self.longitude) = (latitude, longitude)
  }

  /// `{lat, lon}`
  init?(_ json: JSON) {
    guard case .object(let members) = json, let latitude = Self.degrees("lat", members),
      let longitude = Self.degrees("lon", members)
    else { return nil }
    self.init(latitude: latitude, longitude: longitude)
  }

  private static func degrees(_ name: String, _ members: [(String, JSON)]) -> Double? {
    switch members.first(where: { $0.0 == name })?.1 {
    case .number(let value): value
    case .integer(let value): Double(value)
    case .unsigned(let value): Double(value)
    case .null, .bool, .string, .array, .object, nil: nil
    }
  }
}
