// swift-tools-version:5.9
import PackageDescription

#if os(Linux)
let linking: [LinkerSetting] = [.unsafeFlags(["-L\(Context.packageDirectory)/../lib"])]
#else
let linking: [LinkerSetting] = []
#endif

let package = Package(
    name: "Examples",
    platforms: [.macOS(.v12)],
    dependencies: [.package(name: "Sealcard", path: "..")],
    targets: [
        .executableTarget(name: "door", dependencies: ["Sealcard"], linkerSettings: linking),
        .executableTarget(name: "badge", dependencies: ["Sealcard"], linkerSettings: linking),
        .executableTarget(name: "first", dependencies: ["Sealcard"], linkerSettings: linking),
        .executableTarget(name: "verify-cost", dependencies: ["Sealcard"], linkerSettings: linking),
    ]
)
