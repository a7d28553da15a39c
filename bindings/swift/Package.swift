// swift-tools-version:5.9
import PackageDescription

#if os(Linux)
// The static library that scripts/test swift puts here. A product may carry no linker flags, so tests and examples bring them.
let library = Target.systemLibrary(name: "CSealcard")
let linking: [LinkerSetting] = [.unsafeFlags(["-L\(Context.packageDirectory)/lib"])]
#else
// What scripts/xcframework makes.
let library = Target.binaryTarget(name: "CSealcard", path: "artifacts/CSealcard.xcframework")
let linking: [LinkerSetting] = []
#endif

let package = Package(
    name: "Sealcard",
    platforms: [.iOS(.v15), .macOS(.v12)],
    products: [.library(name: "Sealcard", targets: ["Sealcard"])],
    targets: [
        library,
        // Generated, but for Conversions.swift. Not the API.
        .target(name: "SealcardFFI", dependencies: ["CSealcard"]),
        .target(name: "Sealcard", dependencies: ["SealcardFFI"]),
        .testTarget(name: "SealcardTests", dependencies: ["Sealcard"], linkerSettings: linking),
    ]
)
