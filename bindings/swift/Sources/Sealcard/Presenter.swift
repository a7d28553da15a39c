import Foundation
import SealcardFFI

/// What the holder's phone does: it makes presentations of a pass, offline.
///
/// ```swift
/// let presenter = try Presenter(pass: Pass(passText), key: enclaveKey)
/// for try await presentation in presenter.presentations() {
///     image = try QrMatrix(presentation).png(pixels: 600)
/// }
/// ```
public final class Presenter: Sendable {
    private let presenter: SealcardFFI.Presenter

    /// - Throws: ``SealcardError/Kind/proofInvalid`` if the pass is bound to another key,
    ///   ``SealcardError/Kind/keyUnavailable`` if the key cannot be had.
    public init(pass: Pass, key: any DeviceKey) throws {
        presenter = try calling { try SealcardFFI.Presenter(pass: pass.text, key: ForeignDeviceKey(key)) }
    }

    /// A fresh presentation, as a payload text. After a minute it is refused.
    ///
    /// - Parameters:
    ///   - now: the moment that it is made for; `Date()`, but for tests.
    ///   - challenge: what the verifier shows, if it does.
    /// - Throws: ``SealcardError/Kind/keyUnavailable`` if the key does not sign,
    ///   ``SealcardError/Kind/proofInvalid`` if what it returns is no signature of its own.
    public func present(at now: Date, answering challenge: Challenge? = nil) throws -> String {
        try calling { try presenter.present(challenge: challenge?.bytes, now: now) }
    }

    /// A fresh presentation now, and another whenever so many seconds have passed, until the task is cancelled.
    ///
    /// After the device has slept, what is on the screen may be stale until the next comes: start anew when the app is active again.
    ///
    /// - Parameter seconds: 1 to 45; later, one would be refused before the next is there.
    public func presentations(every seconds: Int = 30) -> AsyncThrowingStream<String, any Error> {
        AsyncThrowingStream(bufferingPolicy: .bufferingNewest(1)) { stream in
            let task = Task {
                do {
                    while !Task.isCancelled {
                        stream.yield(try present(at: Date()))
                        try await Task.sleep(nanoseconds: UInt64(min(max(seconds, 1), 45)) * 1_000_000_000)
                    }
                    stream.finish()
                } catch is CancellationError {
                    stream.finish()
                } catch {
                    stream.finish(throwing: error)
                }
            }
            stream.onTermination = { _ in task.cancel() }
        }
    }
}
