// NOT RUN where it was written: there is no Gradle and no Android SDK there. scripts/android calls it.
pluginManagement {
    repositories {
        google()
        mavenCentral()
        gradlePluginPortal()
    }
}
dependencyResolutionManagement {
    repositories {
        google()
        mavenCentral()
    }
}
rootProject.name = "sealcard-android"
