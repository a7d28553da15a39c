// The AAR: the Kotlin sources of ../sealcard, and the libraries that scripts/android puts into src/main/jniLibs.
// NOT RUN where it was written: there is no Gradle and no Android SDK there.
plugins {
    id("com.android.library") version "8.13.0"
    id("org.jetbrains.kotlin.android") version "2.4.21"
    `maven-publish`
}

group = "dev.sealcard"
version = "0.1.0"

android {
    namespace = "dev.sealcard"
    compileSdk = 36
    // java.time is part of Android since 8.0.
    defaultConfig {
        minSdk = 26
        consumerProguardFiles("consumer-rules.pro")
    }
    sourceSets["main"].kotlin.srcDirs("../sealcard/src/main/kotlin", "../sealcard/src/main/generated")
    publishing { singleVariant("release") { withSourcesJar() } }
}

kotlin { jvmToolchain(17) }

dependencies {
    // As an AAR: it brings JNA's own libraries for each processor.
    api("net.java.dev.jna:jna:5.19.1@aar")
}

publishing {
    publications {
        register<MavenPublication>("release") {
            artifactId = "sealcard-android"
            afterEvaluate { from(components["release"]) }
        }
    }
}
